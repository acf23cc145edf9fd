using System.Collections.Immutable;
using System.Text.Json;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Queues.Ready;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Tests.Queues;

/// <summary>A queue partition driven by commands, with a settable clock. Records every event.</summary>
internal sealed class QueueUnderTest
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    public static readonly QueueName Cpu = new("cpu_standard");
    public static readonly QueueName Batch = new("cpu_batch");
    public static readonly QueueName Gpu = new("gpu_priority");
    public static readonly WorkerProfile CpuProfile = new() { Capability = WorkerCapability.Cpu, MemoryGb = 16, DiskGb = 100 };

    public QueueState State { get; private set; } = QueueState.Empty;

    public DateTimeOffset Now { get; set; } = Start;

    public FailoverSettings Settings { get; set; } =
        FailoverSettings.Default with { Partitions = new PartitionSettings { DirectoryBuckets = 1 } };

    public FleetView Fleet { get; set; } = FleetOf();

    public List<IStoredEvent> Events { get; } = [];

    public TaskRecord this[string task] => State.Tasks[new TaskId(task)];

    public static FleetView FleetOf(params string[] readyCpuWorkers) => FleetView.Empty.With(new FleetSlice
    {
        Bucket = 0,
        Version = 1,
        Profiles = readyCpuWorkers.Length == 0
            ? []
            :
            [
                new ProfileCount
                {
                    Profile = CpuProfile,
                    Ready = readyCpuWorkers.Length,
                    Live = readyCpuWorkers.Length,
                    SomeReady = [.. readyCpuWorkers.Take(2).Select(id => new WorkerId(id))],
                },
            ],
    });

    public static TaskSubmission Task(string id, QueueName? queue = null) =>
        new() { TaskId = new(id), Queue = queue ?? Cpu, Payload = JsonText.Trusted("1") };

    public void Pass(double seconds) => Now += TimeSpan.FromSeconds(seconds);

    public TReply Do<TReply>(Decision<TReply> decided)
    {
        if (decided.Event is { } @event)
        {
            Apply(@event);
        }

        return decided.Reply;
    }

    public void Apply(IStoredEvent @event)
    {
        Events.Add(@event);
        State = QueueEvents.Apply(State, @event);
    }

    public ImmutableArray<SubmissionResult> Submit(params TaskSubmission[] tasks) =>
        Do(Submission.Decide(State, new SubmitTasks { Partition = 0, Tasks = [.. tasks] }, Settings, Now)).Results;

    public void Submit(params string[] ids) => Assert.All(Submit([.. ids.Select(id => Task(id))]), result => Assert.Null(result.Refused));

    public static GrantLeases Request(
        string worker, int most = 1, string? instance = null, string? request = null, params QueueRoom[] rooms) => new()
        {
            Partition = 0,
            WorkerId = new(worker),
            InstanceId = instance is null ? null : new InstanceId(instance),
            RequestId = request is null ? null : new RequestId(request),
            Profile = CpuProfile,
            MaxTasks = most,
            MaxHeld = 1000,
            Queues = rooms.Length > 0 ? [.. rooms] : [new QueueRoom { Queue = Cpu, Cap = 1000 }],
        };

    public ImmutableArray<LeasedTask> Grant(GrantLeases request) =>
        Do(LeaseGrants.Decide(State, request, Fleet, Settings, Now, LeaseEpoch.None)).Leases;

    public ImmutableArray<LeasedTask> Lease(string worker, int most = 1, string? instance = null, string? request = null) =>
        Grant(Request(worker, most, instance, request));

    public IWireMessage Pause(QueueName queue, string reason = "spec", string by = "ops") => Do(QueueControlCommands.Decide(
        State, new PauseQueue { Queue = queue, Reason = reason, By = by }, Settings.Queues, Now));

    public IWireMessage Resume(QueueName queue) => Do(QueueControlCommands.Decide(
        State, new ResumeQueue { Queue = queue, Reason = "done", By = "ops" }, Settings.Queues, Now));

    public IWireMessage SetLimits(QueueName queue, QueueLimits limits, params QueueLimit[] reset)
    {
        var command = new SetQueueLimits { Queue = queue, Limits = limits, Reset = [.. reset], Reason = "tuning", By = "ops" };
        return Do(QueueControlCommands.Decide(State, command, Settings.Queues, Now));
    }

    public LeaseResult Complete(string worker, string task, LeaseEpoch epoch) =>
        Do(TaskCompletions.Decide(State, Completion(worker, task, epoch), Settings.Queues, Now)).Results[0];

    public static CompleteTasks Completion(string worker, string task, LeaseEpoch epoch) => new()
    {
        Partition = 0,
        WorkerId = new(worker),
        Completions = [new TaskCompletion { TaskId = new(task), Epoch = epoch, Result = JsonText.Trusted("2") }],
    };

    public LeaseResult Release(string worker, string task, LeaseEpoch epoch) => Do(LeaseCalls.Decide(
        State,
        new ReleaseLeases { Partition = 0, WorkerId = new(worker), Leases = [new LeaseRef { TaskId = new(task), Epoch = epoch }] },
        Now)).Results[0];

    public EndLeaseReply Fail(
        string task, string? worker, LeaseEpoch? epoch, FailureType type =
            FailureType.ProcessingError, string? eventId = null, ReportSource source = ReportSource.LeaseHolder, string? instance = null) =>
        Do(LeaseEndings.Decide(
            State,
            new EndLease
            {
                Number = 7,
                Report = new ReportFailure
                {
                    TaskId = new(task),
                    WorkerId = worker is null ? null : new WorkerId(worker),
                    Epoch = epoch,
                    FailureType = type,
                    EventId = eventId is null ? null : new EventId(eventId),
                    Source = source,
                    InstanceId = instance is null ? null : new InstanceId(instance),
                },
            },
            Settings.Policy,
            Now));

    public ReassignOutcome Reassign(
        string task, FailoverStrategy strategy = FailoverStrategy.ReassignSameQueue, Func<Reassign, Reassign>? with = null)
    {
        var pending = this[task].Pending!;
        var command = Reassignment(task, pending.Epoch, strategy);
        return Reassign(with is null ? command : with(command));
    }

    public ReassignOutcome Reassign(Reassign command) => Do(TaskReassignment.Decide(State, command, Settings.Queues, Now));

    public static Reassign Reassignment(string task, LeaseEpoch epoch, FailoverStrategy strategy) => new()
    {
        TaskId = new(task),
        Epoch = epoch,
        FailureId = FailureIds.OfLease(new(task), epoch),
        Action = new FailoverAction { Strategy = strategy, Reason = "spec" },
    };

    /// <summary>At most two leases per event, so that most fences come in parts.</summary>
    public FenceAcknowledged Fence(
        string worker,
        long number,
        FenceKind kind,
        string? instance = null,
        double silentFor = 0,
        string? loss = null,
        LossBlame blame = LossBlame.Worker)
    {
        var fence = new FenceInstance
        {
            Partition = 0,
            WorkerId = new(worker),
            Number = number,
            Kind = kind,
            InstanceId = instance is null ? null : new InstanceId(instance),
            SilentFor = TimeSpan.FromSeconds(silentFor),
            LossId = loss is null ? null : new LossId(loss),
            Blame = blame,
            Reason = "spec",
        };
        var decided = InstanceFences.Decide(State, fence, Settings, 2, Now);
        while (decided.Event is InstanceFenced { IsPart: true } part)
        {
            Apply(part);
            decided = InstanceFences.Decide(State, fence, Settings, 2, Now);
        }

        return Do(decided);
    }

    /// <summary>Applies everything that is due, as the actor does.</summary>
    public void ApplyDue()
    {
        while (State.NextDue <= Now)
        {
            if (DueTasks.Decide(State, Settings.Queues, 500, Now) is { } due)
            {
                Apply(due);
            }

            if (LeaseEndings.DecideDue(State, 500, Now) is { } ended)
            {
                Apply(ended);
            }
        }
    }

    public void Acknowledge(string worker) => Apply(OutcomeDelivery.Decide(
        State, [new OutcomesReceived { Partition = 0, WorkerId = new(worker), Number = State.ShareOf(new(worker)).Outbox.Number }])!);

    public LeaseOutcomes? BatchFor(string worker) => OutcomeDelivery.BatchFor(State, new(worker), 0);

    /// <summary>The whole state as text, indexes included: equal texts mean equal states.</summary>
    public static string Picture(QueueState state) => JsonSerializer.Serialize(
        new
        {
            state.LastEpoch,
            state.LastOrder,
            state.Controls,
            Tasks = state.Tasks.Values.OrderBy(task => task.TaskId.Value, StringComparer.Ordinal),
            Ids = state.Tasks.Values.Select(task => task.TaskId.Value),
            Ready = Picture(state.Ready),
            state.Due,
            state.LeaseEnds,
            state.Deciding,
            WorkersWithBatch = state.WorkersWithBatch.Select(worker => worker.Value).Order(StringComparer.Ordinal),
            state.Finished,
            state.FinishedCount,
            state.FinishedSize,
            state.Size,
            Counters = state.Counters.OrderBy(
                queue => queue.Key.Value, StringComparer.Ordinal).Select(queue => new { queue.Key, queue.Value }),
            Workers = state.Workers.OrderBy(worker => worker.Key.Value, StringComparer.Ordinal).Select(worker => new
            {
                worker.Key,
                Held = worker.Value.Held.Select(held => new { held.Key, held.Value }),
                Pinned = Picture(worker.Value.Pinned),
                worker.Value.Avoiding,
                worker.Value.LastFence,
                worker.Value.FencedInstances,
                worker.Value.Outbox.Number,
                worker.Value.Outbox.Batch,
                worker.Value.Outbox.Waiting,
                worker.Value.Outbox.WaitingCount,
                worker.Value.Turns.Now,
                Turns = worker.Value.Turns.Next.OrderBy(
                    turn => turn.Key.Value, StringComparer.Ordinal).Select(turn => new { turn.Key, turn.Value }),
            }),
        },
        ContractsJson.Options);

    private static object Picture(ReadyIndex ready) => ready.Kinds
        .OrderBy(kind => kind.Key.ToString(), StringComparer.Ordinal)
        .Select(kind => new
        {
            Kind = kind.Key.ToString(),
            Classes = kind.Value.Classes.Select(
                tasks => new { tasks.LeastNeed, tasks.GreatestNeed, Tasks = tasks.Tree.Items().Select(task => task.TaskId.Value) }),
        });
}
