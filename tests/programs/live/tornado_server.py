"""A Tornado server whose one page takes some computing. It prints its address, and ends with its standard input."""

import asyncio
import os
import sys
import threading

import tornado.httpserver
import tornado.netutil
import tornado.web


def render_page(rows):
    return "".join("<tr><td>%d</td></tr>" % (number * number) for number in range(rows))


class Page(tornado.web.RequestHandler):
    async def get(self):
        await asyncio.sleep(0)
        self.finish(render_page(20000))


def end_with_stdin():
    sys.stdin.read()
    os._exit(0)


async def main():
    server = tornado.httpserver.HTTPServer(tornado.web.Application([("/", Page)]))
    sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    print("http://127.0.0.1:%d/" % sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


threading.Thread(target=end_with_stdin, daemon=True).start()
asyncio.run(main())
