using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Tests.Failover;

/// <summary>
/// Failures to decide, plain by default: a healthy worker's first failure of a task in gpu_priority, in a fleet that is well.
/// </summary>
internal static class Cases
{
    public static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);
    public static readonly TaskId Task = new("video-1");
    public static readonly WorkerId A = new("worker-a");
    public static readonly WorkerId B = new("worker-b");
    public static readonly WorkerId C = new("worker-c");
    public static readonly FailoverSettings Defaults = FailoverSettings.Default;

    public static readonly TaskFacts Facts = new() { Queue = new("gpu_priority"), OwnFailures = 0 };

    public static FailureCase Of(FailureType type, TaskFacts? facts = null, WorkerStanding? worker = null) => new()
    {
        FailureId = new("video-1.7"),
        Failure = new FailureEvent
        {
            EventId = new("video-1.7"),
            TaskId = Task,
            WorkerId = A,
            FailureType = type,
            OccurredAt = Noon,
            ErrorMessage = "it went wrong",
        },
        Epoch = new(7),
        Task = TaskPast.Told(facts ?? Facts),
        Worker = worker ?? Standing(),
        Fleet = FleetOf(Ready(WorkerCapability.Hybrid, "worker-a", "worker-b")),
        Now = Noon,
    };

    public static FailureCase WithoutWorker(this FailureCase failure) =>
        failure with { Failure = failure.Failure with { WorkerId = null }, Worker = null };

    public static FailureCase HeldElsewhere(this FailureCase failure, params TaskFailure[] earlier) => failure with
    {
        Epoch = LeaseEpoch.None,
        Task = TaskPast.Remembered([.. earlier], failure.Failure.FailureType, failure.Failure.WorkerId, Defaults.Policy),
    };

    public static WorkerStanding Standing(int successes = 9, int failures = 1, int consecutive = 1, bool open = false) => new()
    {
        Registered = true,
        Score = new WorkerReliabilityScore
        {
            WorkerId = A,
            TotalTasks = successes + failures,
            FailureCount = failures,
            SuccessRate = (double)successes / (successes + failures),
            ConsecutiveFailures = consecutive,
            CircuitBreakerActive = open,
            CircuitBreakerUntil = open ? Noon.AddMinutes(5) : null,
            BreakerState = open ? BreakerState.Open : BreakerState.Closed,
        },
    };

    /// <summary>
    /// The case with what the workers' records say: how many other tasks each completed and failed, and the chance that comes of it.
    /// </summary>
    public static FailureCase Hearing(
        this FailureCase failure,
        params (WorkerId Worker, int Succeeded, int FailedOthers, double Chance)[] records) => failure with
        {
            Testimonies =
        [
            .. records.Select(record => new Testimony
            {
                WorkerId = record.Worker,
                Succeeded = record.Succeeded,
                FailedOthers = record.FailedOthers,
                ChanceOfFailingGoodTask = record.Chance,
                Remembers = true,
            }),
        ],
        };

    public static TaskFailure Earlier(
        int epoch,
        FailureType type,
        WorkerId worker,
        FailoverStrategy strategy = FailoverStrategy.ReassignSameQueue,
        TimeSpan? ago = null) => new()
        {
            FailureId = new($"video-1.{epoch}"),
            FailureType = type,
            WorkerId = worker,
            At = Noon - (ago ?? TimeSpan.FromMinutes(30)),
            Strategy = strategy,
        };

    public static FleetView FleetOf(params ProfileCount[] profiles) => Enumerable.Range(0, Defaults.Partitions.DirectoryBuckets)
        .Aggregate(
            FleetView.Empty,
            (view, bucket) => view.With(new FleetSlice { Bucket = bucket, Profiles = bucket == 0 ? [.. profiles] : [] }));

    public static FleetView Losing(this FleetView fleet, params (string Worker, DateTimeOffset At)[] losses) =>
        fleet.With(fleet.Slices[0] with
        {
            RecentLosses = [.. losses.Select(loss => new RecentLoss { WorkerId = new(loss.Worker), At = loss.At })],
        });

    public static ProfileCount Ready(WorkerCapability capability, params string[] workers) => new()
    {
        Profile = new WorkerProfile { Capability = capability },
        Ready = workers.Length,
        Live = workers.Length,
        SomeReady = [.. workers.Take(2).Select(WorkerId.From)],
    };

    public static ProfileCount Unavailable(WorkerCapability capability, UnavailableWorkers why) => new()
    {
        Profile = new WorkerProfile { Capability = capability },
        Live = why.Draining + why.BreakerOpen + why.Error + why.Suspect,
        Unavailable = why,
    };

    public static PolicyVerdict Decide(this FailureCase failure, FailoverSettings? settings = null) =>
        FailoverPolicy.Decide(failure, settings ?? Defaults);

    public static FailoverAction Action(this PolicyVerdict verdict) => verdict.Decision.SelectedAction;
}
