from ghosts.plots.style import at_most, figure


def test_a_figure_is_no_higher_than_where_it_is_shown() -> None:
    with at_most(5.0):
        heights = [figure(height=height)[0].get_figheight() for height in (4.0, 7.0)]
    assert heights == [4.0, 5.0]
    assert figure(height=7.0)[0].get_figheight() == 7.0
