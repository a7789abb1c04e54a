"""session._transcripts refers to"""

from ghosts.exercises.catalogue.the_holders import pod_with_a_ghost
from tracemalloc_ext import retained_bytes

lab = pod_with_a_ghost()
session = lab.session("device-000")
queue = session.private_cloud.queue
mib = retained_bytes(queue) / 2**20
my_answer = (session._transcripts, mib)
