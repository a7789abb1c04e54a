"""The chain of references leads to it."""

from ghosts.exercises.catalogue.the_holders import pod_with_a_ghost
from tracemalloc_ext import why

lab = pod_with_a_ghost()
handler, stuck = lab.tasks("device-000")
cloud = stuck.get_coro().cr_frame.f_locals["self"]
assert "PrivateCloud.queue" in str(why(cloud.queue[0].audio, roots={"": stuck}))
my_answer = (cloud.queue, sum(len(chunk.audio) for chunk in cloud.queue) / 2**20)
