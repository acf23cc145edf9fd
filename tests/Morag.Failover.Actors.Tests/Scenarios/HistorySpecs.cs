using System.Globalization;
using CsCheck;
using Morag.Failover.Actors.Tests.Storage;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover.Coordination;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>
/// Random histories of all owners, with crashes of any of them, held against the few things that must be true of every one: no task
/// is lost, leases' epochs only grow, at most one completion is accepted, one decision for a failure; in the end all is done; and each
/// owner's events, applied again, give the state that it had.
/// </summary>
public sealed class HistorySpecs(ITestOutputHelper output) : AnyHistorySpecs(output, queuePartitions: 1);

/// <summary>The same, with the tasks spread over several queue partitions.</summary>
public sealed class PartitionedHistorySpecs(ITestOutputHelper output) : AnyHistorySpecs(output, queuePartitions: 3);

/// <inheritdoc cref="HistorySpecs"/>
public abstract class AnyHistorySpecs(ITestOutputHelper output, int queuePartitions)
    : ScenarioSpec(output, Hurried with { Partitions = Hurried.Partitions with { Queues = queuePartitions } })
{
    private const int DefaultHistories = 20;
    private const int Steps = 120;
    private const int LastKind = 24;
    private const int MostRoundsToTheEnd = 40;

    /// <summary>Short delays, so that a history needs little virtual time.</summary>
    private static readonly FailoverSettings Hurried = Defaults with
    {
        Policy = Defaults.Policy with
        {
            NetworkRetryDelay = TimeSpan.FromSeconds(2),
            TimeoutRetryDelay = TimeSpan.FromSeconds(2),
            ReassignDelay = TimeSpan.FromSeconds(1),
        },
        Workers = Defaults.Workers with
        {
            BreakerOpenFor = TimeSpan.FromSeconds(5),
            BreakerMaxOpenFor = TimeSpan.FromSeconds(10),
            Timeout = TimeSpan.FromSeconds(40),
        },
        Partitions = Defaults.Partitions with { Coordinators = 2, DirectoryBuckets = 2 },
        Storage = new() { SnapshotEvery = 4, SmallSnapshotEvery = 4, SnapshotPartBytes = 1_500 },
    };

    private static readonly Gen<(int What, int Which, int Number)> Step = Gen.Select(Gen.Int[0, LastKind], Gen.Int[0, 3], Gen.Int[0, 27]);

    private static readonly Gen<WriteFate> Death = Gen.Int[0, 44].Select(drawn => drawn switch
    {
        0 => WriteFate.KilledBefore,
        1 => WriteFate.KilledAfter,
        2 => WriteFate.Failed,
        _ => WriteFate.Stored,
    });

    private readonly Dictionary<TaskId, List<LeasedTask>> granted = [];
    private readonly HashSet<TaskId> accepted = [];
    private readonly HashSet<TaskId> cancelled = [];
    private readonly List<(ScenarioWorker Worker, LeasedTask Lease)> given = [];
    private readonly List<ScenarioWorker> workers = [];
    private readonly Dictionary<int, long> lastEpochs = [];

    /// <summary>Every failure type that there is, so that a new one is drawn as well.</summary>
    private static readonly FailureType[] FailureTypes = Enum.GetValues<FailureType>();

    /// <summary>
    /// Fresh seeds: twenty, or as many as MORAG_HISTORIES says; or only the one that MORAG_HISTORY_SEED gives, to repeat a failure. The
    /// name and the output of a failed test show its seed.
    /// </summary>
    public static TheoryData<uint> Histories => Environment.GetEnvironmentVariable("MORAG_HISTORY_SEED") is { Length: > 0 } seed
        ? [uint.Parse(seed, CultureInfo.InvariantCulture)]
        : [.. Fresh(Environment.GetEnvironmentVariable("MORAG_HISTORIES") is { Length: > 0 } count
            ? int.Parse(count, CultureInfo.InvariantCulture)
            : DefaultHistories)];

    [Fact]
    public void Should_draw_every_kind_of_step_and_every_failure_type_in_as_many_histories_as_run_by_default()
    {
        var steps = Fresh(DefaultHistories).SelectMany(StepsOf).ToList();

        Assert.Equal(Enumerable.Range(0, LastKind + 1), steps.Select(step => step.What).Distinct().Order());
        Assert.Equal(
            Enum.GetValues<FailureType>(),
            steps.Where(step => step.What is 13 or 14).Select(step => FailureTypeOf(step.Number)).Distinct().Order());
    }

    [Theory]
    [MemberData(nameof(Histories), DisableDiscoveryEnumeration = true)]
    public async Task Should_keep_every_invariant_over_any_history_and_come_to_an_end(uint stream)
    {
        await LiveThroughAsync(stream);
        await BringToAnEndAsync();
        await CheckDecisionsAsync();
        CheckReplay();
    }

    /// <summary>As above, and one in fifteen writes ends its owner, or is ended by storage. Callers ask again, as they may.</summary>
    [Theory]
    [MemberData(nameof(Histories), DisableDiscoveryEnumeration = true)]
    public async Task Should_keep_every_invariant_when_owners_end_at_writes_of_any_history(uint stream)
    {
        Owners.Patience = 60;
        var deaths = new PCG(stream, 15);
        Store.Fate = _ => Death.Generate(deaths, null, out var _);
        await LiveThroughAsync(stream);
        Store.Fate = _ => WriteFate.Stored;
        await BringToAnEndAsync();
        await CheckDecisionsAsync();
        CheckReplay();
    }

    private async Task LiveThroughAsync(uint stream)
    {
        Output?.WriteLine(
            $"to repeat: MORAG_HISTORY_SEED={stream.ToString(CultureInfo.InvariantCulture)} dotnet test tests/Morag.Failover.Actors.Tests "
            + "--filter FullyQualifiedName~HistorySpecs");
        foreach (var id in (string[])["a", "b", "c"])
        {
            workers.Add(await RegisterAsync(id, slots: 3));
        }

        foreach (var (what, which, number) in StepsOf(stream))
        {
            await DoAsync(what, workers[which % workers.Count], number);
        }
    }

    private static IEnumerable<(int What, int Which, int Number)> StepsOf(uint stream)
    {
        var random = new PCG(stream, 20261125);
        return [.. Enumerable.Range(0, Steps).Select(_ => Step.Generate(random, null, out var _))];
    }

    private static IEnumerable<uint> Fresh(int count) =>
        Enumerable.Range(0, count).Select(_ => (uint)Random.Shared.NextInt64(uint.MaxValue));

    private static FailureType FailureTypeOf(int number) => FailureTypes[number % FailureTypes.Length];

    private async Task DoAsync(int what, ScenarioWorker worker, int number)
    {
        switch (what)
        {
            case < 5:
                granted.TryAdd(await SubmitAsync($"t{granted.Count}", number % 3 == 0 ? "cpu_batch" : "cpu_standard"), []);
                break;
            case < 10:
                Granted(worker, await worker.LeaseAsync(1 + (number % 3)));
                break;
            case < 12 when worker.Holds.Count > 0:
                await CompleteAsync(worker, worker.Holds[number % worker.Holds.Count]);
                break;
            case 12 when given.Count > 0:
                // A late or doubled result, of whichever lease.
                var (holder, lease) = given[number % given.Count];
                await CompleteAsync(holder, lease);
                break;
            case 13 or 14 when worker.Holds.Count > 0:
                await ReportTwiceAsync(worker, worker.Holds[number % worker.Holds.Count], FailureTypeOf(number));
                break;
            case 15:
                await Owners.CrashAsync(new[] { Owners.Queues, Owners.Coordinators, Owners.Workers, Owners.Directory }[number % 4]);
                break;
            case 16:
                await Owners.CrashAsync(worker.Id);
                break;
            case 17:
                worker.FallsSilent();
                break;
            case 18:
                await worker.StartAsync();
                break;
            case 19:
                await OperateAsync(new DrainWorker
                {
                    WorkerId = worker.Id,
                    Reason = "a new disk",
                    Deadline = number % 2 == 0 ? null : TimeSpan.FromSeconds(number),
                });
                break;
            case 20:
                await OperateAsync(new ResumeWorker { WorkerId = worker.Id });
                break;
            case 21:
                await OperateAsync(new SetBreaker { WorkerId = worker.Id, Action = (BreakerAction)(number % 3), Reason = "by hand" });
                break;
            case 22 when number % 3 == 0:
                await OperateAsync(new TakeWorkerOffline { WorkerId = worker.Id, Reason = "on fire" });
                break;
            case 23 when number % 3 == 0 && granted.Count > 0:
                await CancelAsync(granted.Keys.ElementAt(number % granted.Count));
                break;
            default:
                await PassAsync(TimeSpan.FromSeconds(number));
                break;
        }
    }

    private Task<IWireMessage> OperateAsync(IWireMessage command) => Owners.AskAsync<IWireMessage>(Owners.Workers, command);

    private async Task CancelAsync(TaskId task)
    {
        if (await Owners.AskAsync<IWireMessage>(Owners.Queues, new CancelTask { TaskId = task, Reason = "not wanted" }) is Done)
        {
            Assert.DoesNotContain(task, accepted);
            cancelled.Add(task);
        }
    }

    private void Granted(ScenarioWorker worker, IReadOnlyList<LeasedTask> leases)
    {
        foreach (var lease in leases)
        {
            var partition = Partition.Of(lease.TaskId, queuePartitions);
            var lastEpoch = lastEpochs.GetValueOrDefault(partition);
            Assert.True(lease.Epoch.Value > lastEpoch, $"epoch {lease.Epoch} after {lastEpoch}");
            lastEpochs[partition] = lease.Epoch.Value;
            granted[lease.TaskId].Add(lease);
            given.Add((worker, lease));
            Assert.False(accepted.Contains(lease.TaskId), $"{lease.TaskId} was leased after it had succeeded");
            Assert.False(cancelled.Contains(lease.TaskId), $"{lease.TaskId} was leased after it was cancelled");
        }
    }

    private async Task CompleteAsync(ScenarioWorker worker, LeasedTask lease)
    {
        var isLast = granted[lease.TaskId][^1].Epoch == lease.Epoch;
        var result = await worker.TryToCompleteAsync(lease);
        if (result.Refused is null)
        {
            Assert.True(
                isLast,
                $"{lease.TaskId}: a completion under {lease.Epoch} was accepted, after {granted[lease.TaskId][^1].Epoch} was granted");
            Assert.DoesNotContain(lease.TaskId, cancelled);
            accepted.Add(lease.TaskId);
        }
    }

    private static async Task ReportTwiceAsync(ScenarioWorker worker, LeasedTask lease, FailureType type)
    {
        var first = await worker.ReportAsync<IWireMessage>(lease, type);
        var second = await worker.ReportAsync<IWireMessage>(lease, type);
        Assert.Equal((first as FailoverDecision)?.DecisionMetadata.FailureId, (second as FailoverDecision)?.DecisionMetadata.FailureId);
    }

    /// <summary>
    /// Healthy workers and an operator that takes up again what was parked: every task succeeds, and each by one completion.
    /// </summary>
    private async Task BringToAnEndAsync()
    {
        foreach (var worker in workers)
        {
            await worker.StartAsync();
            await OperateAsync(new ResumeWorker { WorkerId = worker.Id });
            await OperateAsync(new SetBreaker { WorkerId = worker.Id, Action = BreakerAction.Close, Reason = "the end" });
        }

        for (var round = 0; Left().Any(); round++)
        {
            Assert.True(round < MostRoundsToTheEnd, $"left: {string.Join(", ", Left())}");
            foreach (var task in Left())
            {
                await Owners.AskAsync<IWireMessage>(Owners.Queues, new RequeueTask { TaskId = task, Reason = "the end" });
            }

            await PassAsync(TimeSpan.FromSeconds(15));
            foreach (var worker in workers)
            {
                Granted(worker, await worker.LeaseAsync());
                foreach (var lease in worker.Holds.ToList())
                {
                    await CompleteAsync(worker, lease);
                }
            }
        }

        foreach (var task in granted.Keys)
        {
            Assert.Equal(cancelled.Contains(task) ? TaskState.Cancelled : TaskState.Succeeded, (await TaskAsync(task)).State);
        }

        IEnumerable<TaskId> Left() => granted.Keys.Except(accepted).Except(cancelled);
    }

    private async Task CheckDecisionsAsync()
    {
        await PassAsync(TimeSpan.FromSeconds(10));
        var decided = 0;
        foreach (var task in granted.Keys)
        {
            var decisions = (await ExplainAsync(task)).Decisions;
            var leases = (await TaskAsync(task)).Attempt;
            decided += decisions.Count(decision => decision.DecisionMetadata.Reverses is null);
            Assert.Equal(decisions.Length, decisions.Select(decision => decision.DecisionMetadata.FailureId).Distinct().Count());
            Assert.True(
                decisions.Count(decision => decision.DecisionMetadata.Reverses is null) <= leases,
                $"{task}: {decisions.Length} decisions for {leases} leases");
            Assert.DoesNotContain(decisions, decision => decision.DecisionMetadata.Outcome == DecisionOutcome.Pending);
        }

        Assert.Equal(decided, (await StatisticsAsync()).Sum(statistics => statistics.TotalFailures));
    }

    /// <summary>A snapshot is the state of a living owner: one that came about by commands, crashes and earlier snapshots.</summary>
    private void CheckReplay()
    {
        var snapshots = Store.SnapshotsWithTheirEvents(Sys).ToList();
        Assert.NotEmpty(snapshots);
        foreach (var (owner, snapshot, events) in snapshots)
        {
            var replayed = Replayed(owner, [.. events.Where(@event => @event is not SnapshotPart)]);
            Assert.True(
                replayed.Select(Bytes).SequenceEqual(snapshot.Select(Bytes)),
                $"{owner} had another state after {events.Count} events than they give");
        }
    }

    private string Bytes(IStoredState state) => Convert.ToHexString(Sys.Serialization.FindSerializerFor(state).ToBinary(state));

    private static IEnumerable<IStoredState> Replayed(string owner, IReadOnlyList<IStoredEvent> events) => owner.Split('-', 2) switch
    {
        ["queue", _] => QueueSnapshotMapping.ToParts(
            events.Aggregate(
                QueueState.Empty with { HistoryKept = Hurried.Queues.HistoryKept },
                QueueEvents.Apply), Hurried.Storage.SnapshotPartBytes),
        ["coordinator", _] =>
            events.Aggregate(CoordinatorState.Empty, (state, @event) => state.Apply(@event)).ToParts(Hurried.Storage.SnapshotPartBytes),
        ["worker", var id] =>
            [WorkerSnapshotMapping.ToSnapshot(events.Aggregate(WorkerState.Unknown(new(id)), (state, @event) => state.Apply(@event)))],
        ["directory", _] =>
            events.Aggregate(DirectoryState.Empty, (state, @event) => state.Apply(@event)).ToParts(Hurried.Storage.SnapshotPartBytes),
        _ => throw new InvalidOperationException($"no owner stores as {owner}"),
    };
}
