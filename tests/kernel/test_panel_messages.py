"""What a page says to a panel reaches the kernel."""

from __future__ import annotations


def ask_how_things_stand(kernel, comm_id, subshell_id=None):
    """As the page does when it has heard nothing for a while; over a subshell as JupyterLab does."""
    client = kernel.client
    said = {"method": "custom", "content": {"kind": "hello", "phase": "running"}}
    message = client.session.msg("comm_msg", {"comm_id": comm_id, "data": said})
    if subshell_id:
        message["header"]["subshell_id"] = subshell_id
    client.shell_channel.send(message)

    def answered():
        return [
            each
            for each in kernel.of(message["header"]["msg_id"], "comm_msg")
            if each["content"]["data"].get("content", {}).get("kind") == "hello"
        ]

    kernel.until(answered, limit_s=60)


def on_control(kernel, kind, **content):
    client = kernel.client
    client.control_channel.send(client.session.msg(kind, content))
    return client.get_control_msg(timeout=60)["content"]


def test_a_panel_still_hears_after_the_page_that_spoke_to_it_is_gone(
    start_kernel, kodisc_home, gate
):
    kernel = start_kernel(kodisc_home)
    request = kernel.run(f"%%kodisc -ql\n{gate.scene()}")
    (comm_id,) = [each["content"]["comm_id"] for each in kernel.of(request, "comm_open")]
    info = kernel.client.kernel_info(reply=True, timeout=60)["content"]
    if "kernel subshells" in info.get("supported_features", ()):
        subshell = on_control(kernel, "create_subshell_request")["subshell_id"]
        ask_how_things_stand(kernel, comm_id, subshell)
        on_control(kernel, "delete_subshell_request", subshell_id=subshell)
    ask_how_things_stand(kernel, comm_id)
    gate.open()
    assert "<video" in kernel.final(request)["text/html"]
