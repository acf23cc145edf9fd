using System.Diagnostics.Metrics;
using Morag.Failover.Actors.Metrics;
using Morag.Failover.Actors.Queues;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Tests.Metrics;

/// <summary>What the metrics of queues and workers count.</summary>
public sealed class MetricSpecs
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly QueueName Queue = new("metric-specs");
    private static readonly WorkerId Worker = new("w");

    private readonly QueueMetrics metrics = new(SettingsOf(Queue));
    private readonly List<TaskRecovered> recoveries = [];
    private QueueState state = QueueState.Empty;

    [Fact]
    public void Should_measure_the_waits_of_a_task_that_fails_once()
    {
        using var recorded = new RecordedMetrics();

        Happens(new TasksAccepted { At = Start, Tasks = [Submission("t")] });
        Happens(Leased("t", 1, Start.AddSeconds(3)));
        Happens(Failed("t", 1, Start.AddSeconds(10)));
        Happens(Reassigned("t", 1, Start.AddSeconds(12)));
        Happens(Leased("t", 2, Start.AddSeconds(20)));
        Happens(Completed("t", 2, Start.AddSeconds(65)));

        (string, string)[] ofQueue = [(MetricLabels.Queue, Queue.Value)];
        Assert.Equal([1], recorded.Of(FailoverMetrics.TasksSubmitted, ofQueue));
        Assert.Equal([3, 8], recorded.Of(FailoverMetrics.LeaseWait, ofQueue));
        Assert.Equal([10], recorded.Of(FailoverMetrics.RecoveryDuration, [.. ofQueue, (MetricLabels.FailureType, "processing_error")]));
        var again = Assert.Single(recoveries);
        Assert.Equal((Start.AddSeconds(10), Start.AddSeconds(20)), (again.FailedAt, again.At));
        Assert.Equal([45], recorded.Of(FailoverMetrics.TaskDuration, ofQueue));
        Assert.Equal([1], recorded.Of(FailoverMetrics.TasksFinished, [.. ofQueue, (MetricLabels.TaskState, "succeeded")]));
    }

    [Fact]
    public void Should_not_count_a_failure_again_when_the_task_is_released_and_leased_once_more()
    {
        Happens(new TasksAccepted { At = Start, Tasks = [Submission("t")] });
        Happens(Leased("t", 1, Start));
        Happens(Failed("t", 1, Start.AddSeconds(1)));
        Happens(Reassigned("t", 1, Start.AddSeconds(1)));
        Happens(Leased("t", 2, Start.AddSeconds(2)));
        Happens(new LeasesReleased
        {
            At = Start.AddSeconds(3),
            WorkerId = Worker,
            Leases = [new LeaseRef { TaskId = new("t"), Epoch = new(2) }],
        });
        using var recorded = new RecordedMetrics();

        Happens(Leased("t", 3, Start.AddSeconds(4)));

        Assert.Empty(recorded.Of(FailoverMetrics.RecoveryDuration, (MetricLabels.Queue, Queue.Value)));
        Assert.Single(recoveries);
    }

    [Fact]
    public void Should_give_queues_one_label_when_there_are_too_many_or_they_are_not_configured()
    {
        QueueName[] names = [.. Enumerable.Range(0, QueueLabels.Most + 1).Select(number => new QueueName($"q{number}"))];
        var labels = new QueueLabels(SettingsOf(names));

        Assert.Equal("q99", labels.Of(new("q99")).Value);
        Assert.Equal(QueueLabels.Other, labels.Of(new("q100")).Value);
        Assert.Equal(QueueLabels.Other, labels.Of(new("unknown")).Value);
    }

    [Fact]
    public void Should_count_nothing_twice_when_the_owners_are_on_two_nodes()
    {
        var (one, two) = (new OwnerStates(), new OwnerStates());
        Happens(new TasksAccepted { At = Start, Tasks = [Submission("a"), Submission("b")] });
        Happens(Leased("a", 1, Start.AddSeconds(5)));
        one.Publish("queue-0", state);
        two.Publish("queue-1", state);
        one.Publish("directory-0", Bucket(Worker, Liveness.Alive, BreakerState.Open));
        two.Publish("directory-1", Bucket(new("v"), Liveness.Alive, BreakerState.Closed));
        using var first = Gauges(one);
        using var second = Gauges(two);
        using var none = Gauges(new OwnerStates());

        var sum = RecordedMetrics.Read(first).Concat(RecordedMetrics.Read(second)).ToLookup(each => $"{each.Name} {each.Labels}");

        double SumOf(string series) => sum[series].Sum(each => each.Value);
        Assert.Equal((2, 2), (SumOf($"morag.tasks {Queue} queued"), SumOf($"morag.tasks {Queue} leased")));
        Assert.Equal(0, SumOf($"morag.tasks {Queue} parked"));
        Assert.Equal(2, SumOf("morag.workers cpu alive false"));
        Assert.Equal((1, 0), (SumOf("morag.breakers open"), SumOf("morag.breakers half_open")));
        Assert.Equal([60, 60], sum[$"morag.queue.oldest.age {Queue}"].Select(each => each.Value));
        Assert.Equal(2 * state.Size, SumOf("morag.tasks.size "));
        Assert.Empty(RecordedMetrics.Read(none));
    }

    [Fact]
    public void Should_say_which_queues_are_paused()
    {
        var states = new OwnerStates();
        states.Publish("queue-0", state);
        states.Publish("queue-1", QueueEvents.Apply(QueueState.Empty, new QueueControlsChanged
        {
            At = Start,
            Revision = 1,
            Queues = [new QueueControl { Queue = Queue, Pause = new() { At = Start, By = "anna", Reason = "bad model" } }],
        }));
        var other = new QueueName("other");
        using var gauges = new Meter("metric-specs");
        OwnerGauges.Publish(gauges, states, SettingsOf(Queue, other), () => Start);

        Assert.Equal(
            [($"{Queue}", 1), ($"{other}", 0)],
            RecordedMetrics.Read(gauges).Where(each => each.Name == "morag.queue.paused").Select(each => ($"{each.Labels}", each.Value)));
    }

    [Fact]
    public void Should_no_longer_publish_an_owner_when_it_moves_away()
    {
        var states = new OwnerStates();
        var earlier = states.Publish("queue-0", state);
        var later = states.Publish("queue-0", state);

        states.Withdraw("queue-0", earlier);
        Assert.Single(states.All<QueueState>());

        states.Withdraw("queue-0", later);
        Assert.Empty(states.All<QueueState>());
    }

    private static Meter Gauges(OwnerStates states)
    {
        var meter = new Meter("metric-specs");
        OwnerGauges.Publish(meter, states, SettingsOf(Queue), () => Start.AddSeconds(60));
        return meter;
    }

    private static QueueSettings SettingsOf(params QueueName[] queues) => new()
    {
        Definitions =
        [
            .. queues.Select(queue =>
                new QueueDefinition { Name = queue, Gpu = false, PerWorker = 1, Weight = 1, Timeout = TimeSpan.FromHours(1) }),
        ],
    };

    private static DirectoryState Bucket(WorkerId worker, Liveness liveness, BreakerState breaker) => DirectoryState.Empty.Apply(
        new WorkerEntryUpdated
        {
            Entry = new WorkerEntry
            {
                WorkerId = worker,
                Revision = 1,
                Registration = new WorkerRegistration { WorkerId = worker, Capability = WorkerCapability.Cpu },
                Liveness = liveness,
                BreakerState = breaker,
            },
        });

    private static TaskSubmission Submission(string id) => new() { TaskId = new(id), Queue = Queue, Payload = JsonText.Trusted("1") };

    private static TasksLeased Leased(string task, long epoch, DateTimeOffset at) => new()
    {
        At = at,
        WorkerId = Worker,
        Leases = [new GrantedLease { TaskId = new(task), Epoch = new(epoch), Timeout = TimeSpan.FromHours(1) }],
    };

    private static LeasesEnded Failed(string task, long epoch, DateTimeOffset at) => new()
    {
        At = at,
        Leases =
        [
            new EndedLease
            {
                TaskId = new(task),
                Failure = new PendingFailure
                {
                    Epoch = new(epoch),
                    WorkerId = Worker,
                    FailureType = FailureType.ProcessingError,
                    OccurredAt = at,
                },
            },
        ],
    };

    private static TaskReassigned Reassigned(string task, long epoch, DateTimeOffset at) => new()
    {
        At = at,
        TaskId = new(task),
        FailureId = FailureIds.OfLease(new(task), new(epoch)),
        Strategy = FailoverStrategy.ReassignSameQueue,
        Queue = Queue,
    };

    private static TasksCompleted Completed(string task, long epoch, DateTimeOffset at) => new()
    {
        At = at,
        WorkerId = Worker,
        Completions = [new TaskCompletion { TaskId = new(task), Epoch = new(epoch), Result = JsonText.Trusted("2") }],
    };

    private void Happens(IStoredEvent @event)
    {
        var before = state;
        state = QueueEvents.Apply(state, @event);
        metrics.Record(@event, before);
        recoveries.AddRange(TaskRecoveries.In(@event, before));
    }
}
