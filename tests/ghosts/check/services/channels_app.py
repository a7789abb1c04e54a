"""The chat of the tutorial of Django Channels; with ``hold`` in its address it leaves ghosts."""

from django.conf import settings

if not settings.configured:
    settings.configure(
        SECRET_KEY="x",
        ALLOWED_HOSTS=["*"],
        INSTALLED_APPS=["channels"],
        CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
    )

import django

django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402
from saying import hold  # noqa: E402


class Chat(AsyncWebsocketConsumer):
    async def connect(self):
        await self.channel_layer.group_add("room", self.channel_name)
        await self.accept()

    async def receive(self, text_data):
        await self.channel_layer.group_send("room", {"type": "chat", "text": text_data})

    async def chat(self, event):
        await self.send(text_data=event["text"])

    async def disconnect(self, code):
        await self.channel_layer.group_discard("room", self.channel_name)
        if self.scope["query_string"] == b"hold":
            await hold()


app = ProtocolTypeRouter({"websocket": URLRouter([path("ws", Chat.as_asgi())])})
