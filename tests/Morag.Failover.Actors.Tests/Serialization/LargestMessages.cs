using System.Globalization;
using Morag.Failover.Actors.Sessions;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Failover.Coordination;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Nodes;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Tests.Serialization;

/// <summary>
/// The largest values of the types that are not divided by their size: every list at its limit, every id and text as long as the doors
/// let in, every setting at its maximum.
/// </summary>
internal static class LargestMessages
{
    private const int MostFailuresOfTask = 1_100;
    private static readonly string LongText = Euros(WorkerLimits.MaxTextBytes);

    public static IReadOnlyDictionary<string, object> ByName { get; } = new Dictionary<string, object>
    {
        ["beat of a node with all sessions"] = new NodeBeat
        {
            SinceOutage = TimeSpan.MaxValue,
            PatienceReason = new string('x', 200),
            SessionEra = long.MinValue,
            HeardSessions = [.. Enumerable.Repeat(byte.MaxValue, WatchedSessions.MaxNumbers / 8)],
        },
        ["heartbeat"] = new Heartbeat
        {
            WorkerId = Worker,
            Held = Many(
                WorkerLimits.MaxConcurrentTasks,
                n => new HeldByWorker { TaskId = Task(n), Epoch = new(long.MaxValue - n), Progress = 0.1 }),
        },
        ["alerts of a node"] = new NodeAlerts
        {
            Alerts = Many(
                NodeAlerts.MaxAlerts,
                n => Sample<OwnerAlert>() with { Owner = $"worker-{Worker}", Reason = Euros(3 * 1000), Failures = int.MaxValue }),
        },
        ["actors of a node"] = new ActorTree { Root = Actor() with { Children = Many(ActorTree.MaxActors - 1, _ => Actor()) } },
        ["entities of a node"] = new ShardEntities
        {
            Entities = Many(CallLimits.MaxPage, n => Sample<ShardEntity>() with { Entity = Worker.Value, Shard = Worker.Value }),
            Silent = Many(100, n => $"{Worker} shard {Worker}"),
        },
        ["moves of shards"] = Sample<MoveShards>() with
        {
            Moves = Many(MoveShards.MaxShards, n => new ShardMove { Shard = Worker.Value, From = Euros(300), To = Euros(300) }),
        },
        ["log of a node"] = new NodeLogPage
        {
            Run = long.MaxValue,
            Last = long.MaxValue,
            Lines = Many(
                NodeLogPage.MaxLines,
                n => Sample<NodeLogLine>() with { Source = Euros(NodeLogLine.MaxSourceBytes), Text = Euros(NodeLogLine.MaxTextBytes) }),
        },
        ["level of a log"] = Sample<NodeLogLevel>() with { Reason = Euros(CallLimits.MaxReasonBytes) },
        ["change of the level of a log"] = Sample<SetNodeLogLevel>() with { Reason = Euros(CallLimits.MaxReasonBytes) },
        ["question for entities"] = Sample<ListShardEntities>(),
        ["question for actors"] = new GetActorTree { Under = Euros(1000) },
        ["answer to a heartbeat"] = new HeartbeatReply { Leases = Held() },
        ["held leases"] = Sample<HeldLeases>() with { Leases = Held() },
        ["worker taken offline"] = Sample<WorkerTakenOffline>() with { Leases = Held() },
        ["lease results"] = new LeaseResults
        {
            Results = Many(
                CallLimits.MaxEntries,
                n => new LeaseResult { TaskId = Task(n), Epoch = new(long.MaxValue), Refused = LongRefusal() }),
        },
        ["answer to a submission"] = new TasksSubmitted
        {
            Results = Many(CallLimits.MaxEntries, n => new SubmissionResult { TaskId = Task(n), Refused = LongRefusal() }),
        },
        ["answer to a bulk call"] = Sample<TasksAffected>() with { Sample = Many(1_000, Task) },
        ["acknowledgements"] = Sample<OutcomesAcknowledged>() with
        {
            Batches = Many(500, n => Sample<AcknowledgedBatch>() with { WorkerId = Worker, Number = n }),
        },
        ["task in full"] = Sample<TaskInfo>() with
        {
            Payload = Json(TaskLimits.MostMaxPayloadBytes),
            Result = Json(TaskLimits.MostMaxPayloadBytes),
            Quality = Json(TaskLimits.MaxQualityBytes),
            History = History(),
            ParkedBecause = Euros(CallLimits.MaxReasonBytes),
        },
        ["granted lease"] = new LeasesGranted
        {
            Partition = 0,
            WorkerId = Worker,
            Leases =
            [
                Sample<LeasedTask>() with
                {
                    TaskId = Task(1),
                    Payload = Json(TaskLimits.MostMaxPayloadBytes),
                    Quality = Json(TaskLimits.MaxQualityBytes),
                    ContentType = LongText,
                },
            ],
        },
        ["decision"] = Decided().Decision,
        ["stored decision"] = Decided(),
        ["worker"] = Sample<WorkerInfo>() with { Registration = Registration() },
        ["entry of the directory"] = Sample<UpdateWorkerEntry>() is var update
            ? update with { Entry = update.Entry with { WorkerId = Worker } }
            : update,
        ["registration"] = new RegisterWorker { Registration = Registration() },
        ["stored registration"] = Sample<WorkerRegistered>() with { Registration = Registration() },
        ["losses of a fleet slice"] = Sample<FleetSlice>() with
        {
            RecentLosses = Many(FleetTally.LossesKept, n => Sample<RecentLoss>() with { WorkerId = new(Task(n).Value) }),
        },
        ["snapshot of a worker"] = WorkerSnapshot(),
    };

    private static WorkerId Worker => new(Task(0).Value);

    private static T Sample<T>() => (T)SampleOf.Type(typeof(T));

    private static TaskId Task(int number) =>
        new(new string('t', Identifier.MaxLength - 8) + number.ToString("D8", CultureInfo.InvariantCulture));

    private static string Euros(int bytes) => new('\u20ac', bytes / 3);

    private static JsonText Json(int bytes) => JsonText.Of(new string('j', bytes - 2));

    private static ImmutableArray<T> Many<T>(int count, Func<int, T> make) => [.. Enumerable.Range(0, count).Select(make)];

    private static Refused LongRefusal() =>
        Sample<Refused>() with { Message = Euros(1_500), Fields = Many(9, n => "resource_requirements") };

    private static ImmutableArray<HeldLease> Held() => Many(
        WorkerLimits.MaxConcurrentTasks,
        n => new HeldLease
        {
            TaskId = Task(n),
            Epoch = new(long.MaxValue),
            Queue = new(Task(1).Value),
            GrantedAt = DateTimeOffset.MaxValue,
            Deadline = DateTimeOffset.MaxValue,
        });

    private static ImmutableArray<TaskHistoryEntry> History() => Many(
        1_000,
        n => new TaskHistoryEntry
        {
            At = DateTimeOffset.MaxValue,
            What = "late_extension",
            WorkerId = Worker,
            Epoch = new(long.MaxValue),
            Detail = new string('\u20ac', 501),
        });

    private static WorkerRegistration Registration() => Sample<WorkerRegistration>() with
    {
        WorkerId = Worker,
        Name = LongText,
        SupportedContentTypes = Many(WorkerLimits.MaxListEntries, n => LongText),
        Queues = Many(WorkerLimits.MaxListEntries, n => new QueueName(Task(n).Value)),
        Tags = Enumerable.Range(0, WorkerLimits.MaxListEntries).ToImmutableSortedDictionary(n => $"{n:D2}{LongText[1..]}", n => LongText),
    };

    private static FailureDecided Decided()
    {
        var sample = Sample<FailureDecided>();
        return sample with
        {
            Decision = sample.Decision with
            {
                TaskId = Task(1),
                FailureEvent = sample.Decision.FailureEvent with
                {
                    ErrorMessage = Euros(FailureLimits.MaxErrorMessageBytes),
                    Context = Json(FailureLimits.MaxContextBytes),
                },
                AlternativeActions = Many(20, n => sample.Decision.AlternativeActions[0] with
                {
                    Reason = Euros(3_000),
                    QualityDegradation = Json(TaskLimits.MaxQualityBytes),
                }),
                DecisionMetadata = sample.Decision.DecisionMetadata with
                {
                    Witnesses = Many(
                        MostFailuresOfTask, n => Sample<Witness>() with { WorkerId = new(Task(n).Value), Failures = [new(Task(n).Value)] }),
                    Facts = Enumerable.Range(0, 100).ToImmutableSortedDictionary(n => $"fact_{n}", n => LongText),
                },
            },
            Excuses = Many(
                MostFailuresOfTask, n => Sample<ExcuseFailures>() with { WorkerId = new(Task(n).Value), Failures = [new(Task(n).Value)] }),
        };
    }

    private static ActorNode Actor() => new()
    {
        Name = Euros(ActorTree.MaxNameBytes),
        Mailbox = int.MaxValue,
        Stash = int.MaxValue,
        Actors = int.MaxValue,
        MailboxesBelow = int.MaxValue,
        More = int.MaxValue,
    };

    private static WorkerSnapshot WorkerSnapshot() => Sample<WorkerSnapshot>() with
    {
        WorkerId = Worker,
        Registration = Registration(),
        Fences = Many(WorkerMembership.MaxOwedFences, n => Sample<OwedFence>() with { Reason = Euros(CallLimits.MaxReasonBytes) }),
        StrategyFailures = Many(WorkerState.StrategyFailuresRemembered, n => new FailureId(Task(n).Value)),
        CountedBatches = Many(256, n => new CountedBatch { Partition = n, Number = long.MaxValue }),
        Run = Many(ReliabilityScore.RunRemembered, n => new FailureId(Task(n).Value)),
        RecentFailures = Many(
            ReliabilityScore.FailuresRemembered,
            n => new RememberedFailure { FailureId = new(Task(n).Value), LossId = new(Task(n).Value) }),
        RecentLosses = Many(
            ReliabilityScore.LossesRemembered, n => new RememberedLoss { FailureId = new(Task(n).Value), LossId = new(Task(n).Value) }),
        RecentSuccesses = Many(ReliabilityScore.SuccessesRemembered + ReliabilityScore.CallsRemembered, n => Task(n).Value + Task(n).Value),
        Record = Many(WorkRecord.EntriesKept, n => Sample<WorkOutcome>() with { ContentType = LongText }),
    };
}
