using System.Diagnostics;
using Morag.Failover.Actors.Metrics;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Tests.Metrics;

/// <summary>The spans of a task that was submitted with a trace.</summary>
public sealed class TaskSpansSpecs : IDisposable
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string Submitter = "00f067aa0ba902b7";

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly WorkerId Worker = new("w");

    private readonly List<Activity> spans = [];
    private readonly ActivityListener listener;
    private QueueState state = QueueState.Empty;

    public TaskSpansSpecs()
    {
        listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == TaskSpans.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                if (span.TraceId.ToHexString() == Trace)
                {
                    lock (spans)
                    {
                        spans.Add(span);
                    }
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
    }

    public void Dispose() => listener.Dispose();

    [Fact]
    public void Should_follow_the_task_over_its_attempts_and_decisions()
    {
        Happens(Submitted($"00-{Trace}-{Submitter}-01"));
        Happens(Leased(1, 1));
        Happens(new LeasesEnded { At = At(4), Leases = [new EndedLease { TaskId = new("t"), Failure = Failure(1, 4) }] });
        Happens(Reassigned(1, 6));
        Happens(Leased(2, 7));
        Happens(new TasksCompleted
        {
            At = At(9),
            WorkerId = Worker,
            Completions = [new TaskCompletion { TaskId = new("t"), Epoch = new(2), Result = JsonText.Trusted("2") }],
        });

        Assert.Equal(
            ["attempt cpu_standard 1-4 failed", "decide cpu_standard 4-6 reassign_same_queue", "attempt cpu_standard 7-9 succeeded"],
            spans.Select(Words));
        Assert.All(spans, span => Assert.Equal(Submitter, span.ParentSpanId.ToHexString()));
        Assert.All(spans, span => Assert.Equal("t", span.GetTagItem("messaging.message.id")));
        Assert.Equal((ActivityStatusCode.Error, "processing_error"), (spans[0].Status, spans[0].GetTagItem("error.type")));
        Assert.Equal(FailureIds.OfLease(new("t"), new(1)).Value, spans[1].GetTagItem("morag.failure.id"));
        Assert.Equal("w", spans[2].GetTagItem("morag.worker.id"));
    }

    [Fact]
    public void Should_end_the_attempt_when_the_lease_is_released_or_the_task_is_cancelled()
    {
        Happens(Submitted($"00-{Trace}-{Submitter}-01"));
        Happens(Leased(1, 1));
        Happens(new LeasesReleased { At = At(2), WorkerId = Worker, Leases = [new LeaseRef { TaskId = new("t"), Epoch = new(1) }] });
        Happens(Leased(2, 3));
        Happens(new TasksCancelled { At = At(5), Tasks = [new("t")], Reason = "spec" });

        Assert.Equal(["attempt cpu_standard 1-2 released", "attempt cpu_standard 3-5 cancelled"], spans.Select(Words));
    }

    [Fact]
    public void Should_make_no_span_when_the_task_has_no_trace()
    {
        var current = Activity.Current;
        Happens(Submitted(null));
        Happens(Leased(1, 1));
        Happens(new TasksCancelled { At = At(5), Tasks = [new("t")], Reason = "spec" });

        Assert.Empty(spans);
        Assert.Same(current, Activity.Current);
    }

    private static string Words(Activity span) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{span.DisplayName} {Second(span.StartTimeUtc)}-{Second(span.StartTimeUtc + span.Duration)} "
        + $"{span.GetTagItem("morag.task.outcome") ?? span.GetTagItem(MetricLabels.Strategy)}");

    private static double Second(DateTime time) => (time - Start.UtcDateTime).TotalSeconds;

    private static DateTimeOffset At(double seconds) => Start.AddSeconds(seconds);

    private static TasksAccepted Submitted(string? trace) => new()
    {
        At = Start,
        Tasks = [new() { TaskId = new("t"), Queue = new("cpu_standard"), Payload = JsonText.Trusted("1"), TraceParent = trace }],
    };

    private static TasksLeased Leased(long epoch, double seconds) => new()
    {
        At = At(seconds),
        WorkerId = Worker,
        Leases = [new GrantedLease { TaskId = new("t"), Epoch = new(epoch), Timeout = TimeSpan.FromHours(1) }],
    };

    private static PendingFailure Failure(long epoch, double seconds) => new()
    {
        Epoch = new(epoch),
        WorkerId = Worker,
        FailureType = FailureType.ProcessingError,
        OccurredAt = At(seconds),
    };

    private static TaskReassigned Reassigned(long epoch, double seconds) => new()
    {
        At = At(seconds),
        TaskId = new("t"),
        FailureId = FailureIds.OfLease(new("t"), new(epoch)),
        Strategy = FailoverStrategy.ReassignSameQueue,
        Queue = new("cpu_standard"),
    };

    private void Happens(IStoredEvent @event)
    {
        var before = state;
        state = QueueEvents.Apply(state, @event);
        TaskSpans.Record(@event, before);
    }
}
