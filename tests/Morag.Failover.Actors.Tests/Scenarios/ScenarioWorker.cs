using Morag.Failover.Actors.Tests.Owners;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Partitioning;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>A worker as the owners see one: it registers, beats with what it holds, leases, and reports outcomes.</summary>
public sealed class ScenarioWorker
{
    private readonly AllOwners owners;
    private readonly Func<DateTimeOffset> now;
    private readonly List<LeasedTask> holds = [];
    private int starts;
    private DateTimeOffset? beatsNextAt;

    public ScenarioWorker(AllOwners owners, Func<DateTimeOffset> now, WorkerRegistration registration)
    {
        this.owners = owners;
        this.now = now;
        Registration = registration;
    }

    public WorkerId Id => Registration.WorkerId;

    public WorkerRegistration Registration { get; private set; }

    /// <summary>How far its clock is ahead of ours.</summary>
    public TimeSpan ClockAhead { get; set; }

    /// <summary>The node that it talks to; null for the node of its owners.</summary>
    public Address? Gateway { get; set; }

    /// <summary>The status in its heartbeats.</summary>
    public WorkerStatus Says { get; set; } = WorkerStatus.Online;

    /// <summary>The progress of all it holds, in its heartbeats; null where it tells none.</summary>
    public double? Progress { get; set; }

    /// <summary>What it believes to hold.</summary>
    public IReadOnlyList<LeasedTask> Holds => holds;

    private TimeSpan Interval => TimeSpan.FromSeconds(Registration.HeartbeatIntervalSeconds ?? 10);

    // --- Its life

    /// <summary>Starts, the first time or after it died: a new instance that holds nothing.</summary>
    public async Task StartAsync()
    {
        holds.Clear();
        Registration = Registration with { InstanceId = new($"{Id}-start-{++starts}") };
        await RegisterAgainAsync();
        KeepsBeating();
    }

    /// <summary>The same instance registers again.</summary>
    public Task RegisterAgainAsync() =>
        owners.AskAsync<WorkerRegisteredReply>(owners.Workers, new RegisterWorker { Registration = Registration }, Gateway);

    /// <summary>The same instance registers as something else.</summary>
    public Task BecomesAsync(Func<WorkerRegistration, WorkerRegistration> change)
    {
        Registration = change(Registration);
        return RegisterAgainAsync();
    }

    /// <summary>Dies, or is cut off: nothing is heard of it from now on.</summary>
    public void FallsSilent() => beatsNextAt = null;

    /// <summary>Beats again while time passes.</summary>
    public void KeepsBeating() => beatsNextAt = now() + Interval;

    /// <summary>Beats if it is time to.</summary>
    public async Task BeatWhenDueAsync()
    {
        if (beatsNextAt <= now())
        {
            beatsNextAt += Interval;
            await BeatAsync(Says);
        }
    }

    /// <summary>Beats now, with the list of what it holds.</summary>
    public Task<HeartbeatReply> BeatAsync(WorkerStatus status = WorkerStatus.Online) =>
        owners.AskAsync<HeartbeatReply>(owners.Workers, new Heartbeat
        {
            WorkerId = Id,
            Status = status,
            Timestamp = now() + ClockAhead,
            InstanceId = Registration.InstanceId,
            ListsHeld = true,
            Held = [.. holds.Select(lease => new HeldByWorker { TaskId = lease.TaskId, Epoch = lease.Epoch, Progress = Progress })],
        }, Gateway);

    // --- Its work

    /// <summary>Leases what it can have now.</summary>
    public async Task<IReadOnlyList<LeasedTask>> LeaseAsync(int most = 100, string? request = null)
    {
        var leases = await LeaseWithoutHearingAsync(most, request);
        holds.AddRange(leases.Where(lease => !holds.Exists(held => held.Epoch == lease.Epoch)));
        return leases;
    }

    /// <summary>Leases the one task that there is for it.</summary>
    public async Task<LeasedTask> LeaseOneAsync() => Assert.Single(await LeaseAsync(1));

    /// <summary>Leases, and the answer gets lost on its way.</summary>
    public async Task<IReadOnlyList<LeasedTask>> LeaseWithoutHearingAsync(int most = 100, string? request = null)
    {
        var granted = await owners.AskAsync<LeasesGranted>(owners.Workers, new RequestLeases
        {
            WorkerId = Id,
            MaxTasks = most,
            RequestId = request is null ? null : new(request),
            InstanceId = Registration.InstanceId,
        }, Gateway);
        return granted.Leases;
    }

    /// <summary>Hands in a result, which is accepted.</summary>
    public async Task CompleteAsync(LeasedTask lease) => Assert.Null((await TryToCompleteAsync(lease)).Refused);

    /// <summary>Hands in a result, and gives what becomes of it.</summary>
    public async Task<LeaseResult> TryToCompleteAsync(LeasedTask lease)
    {
        Forget(lease);
        var results = await owners.AskAsync<LeaseResults>(owners.Queues, new CompleteTasks
        {
            Partition = PartitionOf(lease),
            WorkerId = Id,
            Completions = [new TaskCompletion { TaskId = lease.TaskId, Epoch = lease.Epoch, Result = JsonText.Of(new { by = Id.Value }) }],
        });
        return Assert.Single(results.Results);
    }

    /// <summary>Extends a lease, and gives its new deadline.</summary>
    public async Task<DateTimeOffset> ExtendAsync(LeasedTask lease, TimeSpan by)
    {
        var extend = new ExtendLease { TaskId = lease.TaskId, WorkerId = Id, Epoch = lease.Epoch, By = by };
        return Assert.Single((await owners.AskAsync<LeaseResults>(owners.Queues, extend)).Results).Deadline!.Value;
    }

    /// <summary>Says that a lease failed, and gives the decision.</summary>
    public Task<FailoverDecision> FailAsync(LeasedTask lease, FailureType type, string message = "") =>
        ReportAsync<FailoverDecision>(lease, type, message);

    /// <summary>Says that a lease failed.</summary>
    public Task<TAnswer> ReportAsync<TAnswer>(LeasedTask lease, FailureType type, string message = "")
        where TAnswer : IWireMessage
    {
        Forget(lease);
        return owners.AskAsync<TAnswer>(owners.Coordinators, new ReportFailure
        {
            TaskId = lease.TaskId,
            WorkerId = Id,
            Epoch = lease.Epoch,
            FailureType = type,
            ErrorMessage = message,
            Source = ReportSource.LeaseHolder,
            InstanceId = Registration.InstanceId,
        });
    }

    /// <summary>Stops what it does for a lease, without a word.</summary>
    public void Forget(LeasedTask lease) => holds.RemoveAll(held => held.Epoch == lease.Epoch);

    /// <summary>Lists a lease again that it has held all the time: heartbeats without it were late.</summary>
    public void Remember(LeasedTask lease) => holds.Add(lease);

    // --- What is seen of it

    public Task<WorkerReliabilityScore> ScoreAsync() =>
        owners.AskAsync<WorkerReliabilityScore>(owners.Workers, new GetWorkerReliability { WorkerId = Id });

    public Task<WorkerInfo> InfoAsync() => owners.AskAsync<WorkerInfo>(owners.Workers, new GetWorker { WorkerId = Id });

    private int PartitionOf(LeasedTask lease) => Partition.Of(lease.TaskId, owners.Settings.Partitions.Queues);
}
