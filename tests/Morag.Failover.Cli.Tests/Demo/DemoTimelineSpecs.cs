using Morag.Failover.Cli.Demo;
using Morag.Failover.Cli.Tests.Shell;

namespace Morag.Failover.Cli.Tests.Demo;

/// <summary>The live picture of the demo.</summary>
public sealed class DemoTimelineSpecs
{
    private readonly FakeTerminal terminal = new();
    private readonly DemoTimeline timeline;

    public DemoTimelineSpecs() => timeline = new DemoTimeline(terminal, ["demo-1-a", "demo-1-b"], 8);

    [Fact]
    public void Should_draw_one_line_for_each_agent_with_what_it_holds()
    {
        timeline.Add(new Dictionary<string, int> { ["demo-1-a"] = 1, ["demo-1-b"] = 8 });
        timeline.Fail("demo-1-b");
        timeline.Kill("demo-1-b");
        timeline.Add(new Dictionary<string, int> { ["demo-1-a"] = 4 });

        Assert.Equal(["worker a  |▁▄|  holds 4, 0 failed", "worker b  |█xx|  killed, 1 failed"], Last());
    }

    [Fact]
    public void Should_write_the_story_above_the_picture()
    {
        timeline.Add(new Dictionary<string, int>());
        timeline.Write("the story\u001b[2J");

        Assert.Contains("\u001b[2A\r\u001b[Jthe story\\u001b[2J\r\nworker a", terminal.Written, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_show_the_newest_moments_when_the_terminal_is_narrow()
    {
        terminal.Width = 40;
        for (var holds = 0; holds < 100; holds++)
        {
            timeline.Add(new Dictionary<string, int> { ["demo-1-a"] = holds < 98 ? 0 : 8 });
        }

        Assert.All(Last(), line => Assert.InRange(line.Length, 1, 39));
        Assert.Contains("██|", Last()[0], StringComparison.Ordinal);
    }

    private string[] Last() => terminal.Written.Split("\u001b[J")[^1].Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
}
