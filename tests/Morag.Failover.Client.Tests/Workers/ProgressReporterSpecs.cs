using System.Collections.Concurrent;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Tests.Workers;

public sealed class ProgressReporterSpecs
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<ProgressUpdate> sent = new();

    [Fact]
    public async Task Should_send_one_report_at_a_time_and_join_those_that_come_meanwhile()
    {
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var reporter = new ProgressReporter(
            async (update, _) =>
            {
                sent.Enqueue(update);
                await answer.Task;
                return ReportEnding.Delivered;
            },
            TimeProvider.System);
        reporter.Report(new ProgressUpdate(0));
        await Wait.UntilAsync(() => sent.Count == 1, "the first report");
        for (var percent = 1; percent <= 1_000; percent++)
        {
            reporter.Report(new ProgressUpdate(percent / 10d));
        }

        reporter.Report(new ProgressUpdate(Checkpoint: JsonText.Trusted("7")));
        answer.SetResult();
        await reporter.EndAsync(Bound);

        Assert.Equal([new ProgressUpdate(0), new ProgressUpdate(100, null, JsonText.Trusted("7"))], sent);
    }

    [Fact]
    public async Task Should_keep_a_report_until_it_is_delivered_unless_a_newer_one_replaces_it()
    {
        var failures = 2;
        using var reporter = new ProgressReporter(
            (update, _) =>
            {
                sent.Enqueue(update);
                return Task.FromResult(failures-- > 0 ? ReportEnding.TryAgain : ReportEnding.Delivered);
            },
            new FastClock());
        reporter.Report(new ProgressUpdate(10, "page 1"));
        await Wait.UntilAsync(() => sent.Count == 1, "the first attempt");
        reporter.Report(new ProgressUpdate(20));
        await reporter.EndAsync(Bound);

        Assert.Equal(new ProgressUpdate(20, "page 1"), sent.Last());
        Assert.Equal(3, sent.Count);
    }

    [Fact]
    public async Task Should_end_in_time_and_send_no_more_when_the_node_does_not_answer()
    {
        using var reporter = new ProgressReporter(
            async (update, cancellation) =>
            {
                sent.Enqueue(update);
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
                return ReportEnding.Delivered;
            },
            TimeProvider.System);
        reporter.Report(new ProgressUpdate(10));
        await Wait.UntilAsync(() => sent.Count == 1, "the report");
        await reporter.EndAsync(TimeSpan.FromMilliseconds(20)).WaitAsync(Bound);
        reporter.Report(new ProgressUpdate(20));
        await reporter.EndAsync(TimeSpan.Zero).WaitAsync(Bound);

        Assert.Single(sent);
    }

    /// <summary>Waits take a hundredth of their time.</summary>
    private sealed class FastClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / 100 : dueTime, period);
    }
}
