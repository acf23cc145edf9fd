using Morag.Failover.Dashboard;

namespace Morag.Failover.Node.Tests.Http.Dashboard;

/// <summary>How the pages write numbers and texts.</summary>
public sealed class TextsSpecs
{
    [Fact]
    public void Should_write_no_negative_zero()
    {
        Assert.Equal("0", Texts.Rounded(-0.001, 2));
        Assert.Equal("0", Texts.Rounded(-0.2, 0));
        Assert.Equal("0 ms", Texts.Duration(TimeSpan.FromMilliseconds(-0.2)));
        Assert.Equal("-0.5", Texts.Rounded(-0.5));
        Assert.Equal("-1 ms", Texts.Duration(TimeSpan.FromMilliseconds(-1)));
    }

    [Fact]
    public async Task Should_show_the_example_of_a_filter_as_it_is_entered()
    {
        await using var http = await HttpNode.Start();

        var html = (await http.GetPage("/tasks")).Html;

        Assert.Contains("state:parked error~", html, StringComparison.Ordinal);
        Assert.DoesNotContain("&amp;quot;", html, StringComparison.Ordinal);
    }
}
