"""What a kernel does with renders, against a service in memory."""



from kodisc_jupyter.api.models import RenderRequest
from kodisc_jupyter.renders.state import Phase

DEADLINE_S = 60.0
REQUEST = RenderRequest("class Hello(Scene): ...", "Hello")


def test_a_render_goes_from_checking_to_a_video_on_this_machine(session, cloud, service):
    states = []
    render = session.start(REQUEST, backend=cloud, notebook="a.ipynb", on_state=states.append)
    job = render.wait(DEADLINE_S)

    assert job.credits_cost == 51
    assert render.video.read_bytes() == b"job00001 video.mp4"
    phases = [state.phase for state in states]
    assert phases[0] is Phase.CHECKING
    assert phases.index(Phase.SUBMITTING) < phases.index(Phase.QUEUED)
    assert phases.index(Phase.QUEUED) < phases.index(Phase.FETCHING)
    assert phases[-1] is Phase.COMPLETED
    assert (states[-1].balance_before.total, states[-1].balance_after.total) == (1000, 949)
    assert states[-1].cost == 51


def test_the_second_run_of_a_finished_cell_costs_nothing(session, cloud, service, make_session):
    session.start(REQUEST, backend=cloud).wait(DEADLINE_S)
    requests = service.requests

    for kernel in (session, make_session()):
        render = kernel.start(REQUEST, backend=cloud)
        assert render.state.phase is Phase.COMPLETED
        assert render.state.reused
        assert render.state.cost == 0
        assert "0 credits, reused" in render.state.note
        assert render.video.read_bytes() == b"job00001 video.mp4"
    assert service.requests == requests
