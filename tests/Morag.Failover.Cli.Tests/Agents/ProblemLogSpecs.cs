using Microsoft.Extensions.Time.Testing;
using Morag.Failover.Cli.Agents;

namespace Morag.Failover.Cli.Tests.Agents;

public sealed class ProblemLogSpecs
{
    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task Should_log_a_problem_once_and_again_after_a_while_when_it_lasts()
    {
        var lines = await LinesAsync(problems =>
        {
            problems.Report("broken");
            clock.Advance(ProblemLog.RepeatAfter / 2);
            problems.Report("broken");
            clock.Advance(ProblemLog.RepeatAfter / 2);
            problems.Report("broken");
            problems.Report("broken");
            problems.Resolve("mended");
            problems.Report("broken");
        });

        Assert.Equal(["broken", "broken (since 12:00:00)", "mended", "broken"], lines);
    }

    [Fact]
    public async Task Should_log_a_lasting_problem_again_when_it_is_reminded()
    {
        var lines = await LinesAsync(problems =>
        {
            problems.Report("broken");
            problems.Remind();
            problems.Report("broken");
            problems.Report("broken");
        });

        Assert.Equal(["broken", "broken (since 12:00:00)"], lines);
    }

    private async Task<string[]> LinesAsync(Action<ProblemLog> act)
    {
        using var written = new StringWriter();
        await using (var log = new AgentLog(written, clock))
        {
            act(new ProblemLog(log));
        }

        return [.. written.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim()[13..])];
    }
}
