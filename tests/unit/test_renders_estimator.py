"""What a render may cost: from its own history, from others, from the vendor's example."""

from dataclasses import replace

from kodisc_jupyter.api.models import Quality, RenderRequest
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.start.budget import Verdict, decide
from kodisc_jupyter.renders.start.estimator import EstimateBasis, Past, Planned, guess

DEADLINE_S = 60.0


def test_an_estimate_names_its_ground_and_never_makes_up_a_number():
    assert guess([Past(10, 900), Past(20, 1000)], [], "A", "low").credits == 20
    assert guess([Past(10, 900)], [Past(99, 9)], "A", "low").ground is EstimateBasis.OWN
    from_others = guess([], [Past(5, None), Past(6, None), Past(100, None)], "A", "low")
    assert (from_others.credits, from_others.ground) == (6, EstimateBasis.MEDIAN)
    assert "based on 3 earlier low renders" in from_others.estimate.ground
    nothing = guess([], [], "A", "low")
    assert (nothing.credits, nothing.ground) == (None, EstimateBasis.NONE)
    assert nothing.estimate.ground == "this is your first render at low quality"


def test_estimates_go_by_quality(make_session, make_service):
    cloud = Backend("cloud", make_service(cost=51), "cloud:x")
    session = make_session()
    request = RenderRequest("class A(Scene): ...", "A")
    session.start(request, backend=cloud).wait(DEADLINE_S)
    assert session.estimate(request, cloud).credits == 51
    assert session.estimate(replace(request, quality=Quality.HIGH), cloud).credits is None


def test_without_a_history_the_vendors_example_is_the_ground_and_decides_nothing():
    new = guess([], [], "A", "medium", Planned(seconds=10.0, frames=300))
    assert new.estimate.credits == 23  # 42 credits for 18.42 s
    assert "Kodisc's example of 42 credits for 18.42 s" in new.estimate.ground
    assert new.ground is EstimateBasis.EXAMPLE
    assert new.credits is None
    assert decide(20, [], new) is Verdict.GO


def test_the_example_says_nothing_of_other_qualities():
    new = guess([], [], "A", "high", Planned(seconds=10.0, frames=300))
    assert new.ground is EstimateBasis.NONE


def test_own_renders_of_other_scenes_are_scaled_by_their_frames():
    past = [Past(10, 5000, 100), Past(40, 20_000, 400), Past(99, 1, None)]
    new = guess([], past, "A", "low", Planned(seconds=10.0, frames=150))
    assert (new.estimate.credits, new.estimate.duration_ms) == (15, 7500)
    assert "based on 2 earlier low renders, scaled to its 150 frames" in new.estimate.ground
    assert new.ground is EstimateBasis.FRAMES


def test_a_scenes_own_history_goes_before_its_frames():
    new = guess([Past(7, 1)], [Past(10, 5000, 100)], "A", "low", Planned(10.0, 150))
    assert new.ground is EstimateBasis.OWN
    assert new.credits == 7


def test_uncounted_renders_are_not_scaled():
    assert guess([], [Past(9, 1)], "A", "low", Planned(1.0, 15)).ground is EstimateBasis.MEDIAN
