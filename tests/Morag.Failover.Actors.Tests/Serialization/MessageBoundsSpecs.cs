using Akka.TestKit.Xunit2;
using Morag.Failover.Actors.Serialization;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Failover.Coordination;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Tests.Serialization;

/// <summary>
/// Everything that gathers is driven past the limit of one message, at the longest texts that the doors let in: what comes out is more
/// than one message could hold, and no message or stored value of it is larger than the limit.
/// </summary>
public sealed class MessageBoundsSpecs() : TestKit(FailoverSerialization.Config)
{
    private const int Leases = 5_000;
    private static readonly DateTimeOffset At = DateTimeOffset.UnixEpoch.AddYears(56);
    private static readonly WorkerId Worker = new("worker");
    private static readonly string LongReason = new('\u20ac', CallLimits.MaxReasonBytes);
    private static readonly FailoverSettings Settings = FailoverSettings.Default;

    public static TheoryData<string> Paths =>
    [
        "grants",
        "fence by proof",
        "fence that gives back",
        "outcomes",
        "snapshot of a worker's outcomes",
        "failures",
        "decisions of a task",
        "stale reports",
        "snapshot of stale reports",
        "fleet slice",
    ];

    [Theory]
    [MemberData(nameof(Paths))]
    public void Should_keep_every_value_below_the_limit_when_there_is_more_than_one_can_hold(string path)
    {
        List<object> values = [.. Driven(path)];

        var sizes = values.ConvertAll(Bytes);
        Assert.InRange(sizes.Max(), 1, MessageLimits.MaxBytes);
        Assert.True(
            path is "decisions of a task" || sizes.Sum(size => (long)size) > MessageLimits.MaxBytes,
            $"{path} gives only {sizes.Sum()} bytes");
    }

    [Fact]
    public void Should_refuse_a_call_with_the_field_and_the_limit_when_it_brings_too_much()
    {
        var many = new ReleaseLeases
        {
            Partition = 0,
            WorkerId = Worker,
            Leases = [.. Enumerable.Repeat(new LeaseRef { TaskId = new("t"), Epoch = new(1) }, 1_001)],
        };
        var large = new SubmitTasks { Partition = 0, Tasks = [.. Enumerable.Range(0, 4).Select(number => Task($"t-{number}", 1_000_000))] };

        Assert.True(
            BatchRules.Check(many).Refusal is { Field: "leases" } tooMany && tooMany.Message.Contains("1000", StringComparison.Ordinal));
        Assert.True(
            BatchRules.Check(large).Refusal is { Field: "tasks" } tooLarge
                && tooLarge.Message.Contains("3145728", StringComparison.Ordinal));
        Assert.Null(BatchRules.Check(many with { Leases = many.Leases[..1_000] }).Refusal);
        Assert.Null(BatchRules.Check(large with { Tasks = large.Tasks[..3] }).Refusal);
    }

    [Fact]
    public void Should_put_a_slice_together_again_only_from_all_parts_of_one_version()
    {
        var slice = Slice() with { Version = 7 };
        var parts = SliceParts.Of(slice, MessageLimits.MaxGatheredBytes);
        var whole = new SliceParts();

        Assert.Null(whole.Add(parts[1]));
        Assert.Null(whole.Add(parts[0]));
        Assert.Null(whole.Add(parts[1] with { Version = 8 }));
        var taken = parts.Select(whole.Add).ToList();

        Assert.All(taken[..^1], Assert.Null);
        Assert.Equal(
            slice.Profiles.Select(profile => profile.Profile.DiskGb), taken[^1]!.Profiles.Select(profile => profile.Profile.DiskGb));
    }

    internal static IEnumerable<object> Driven(string path) => path switch
    {
        "grants" => Granted(),
        "fence by proof" => Fenced(FenceKind.Proven).Events,
        "fence that gives back" => Fenced(FenceKind.Returned).Events,
        "outcomes" => Outcomes(),
        "snapshot of a worker's outcomes" =>
            QueueSnapshotMapping.ToParts(Fenced(FenceKind.Returned).State, Settings.Storage.SnapshotPartBytes),
        "failures" => Failures(),
        "decisions of a task" => [Coordinator("t").DecisionsOf(new("t"))],
        "stale reports" => StaleReports(),
        "snapshot of stale reports" => WithStaleReports().ToParts(Settings.Storage.SnapshotPartBytes),
        "fleet slice" => SliceParts.Of(Slice(), MessageLimits.MaxGatheredBytes),
        _ => throw new ArgumentOutOfRangeException(nameof(path), path, "no such path"),
    };

    private static TaskSubmission Task(string id, int payload) =>
        new()
        {
            TaskId = new(id),
            Queue = new("cpu_standard"),
            Payload = JsonText.Of(new string('p', payload)),
            ContentType = new string('\u20ac', TaskLimits.MaxContentTypeBytes),
        };

    private static IEnumerable<object> Granted()
    {
        var state = QueueState.Empty;
        foreach (var some in Enumerable.Range(0, 900).Select(number => Task($"t-{number}", 8_000)).Chunk(100))
        {
            state = Submission.Apply(state, new TasksAccepted { At = At, Tasks = [.. some] });
        }

        var fleet = FleetView.Empty;
        while (true)
        {
            var request = new GrantLeases
            {
                Partition = 0,
                WorkerId = Worker,
                Profile = new WorkerProfile { Capability = WorkerCapability.Cpu, MemoryGb = 8, DiskGb = 8 },
                MaxTasks = 1_000,
                MaxHeld = 10_000,
                Queues = [new QueueRoom { Queue = new("cpu_standard"), Cap = 10_000 }],
            };
            var decided = LeaseGrants.Decide(state, request, fleet, Settings, At, LeaseEpoch.None);
            if (decided.Event is null)
            {
                Assert.Equal(900, state.ShareOf(Worker).Held.Count);
                yield break;
            }

            state = QueueEvents.Apply(state, decided.Event);
            yield return decided.Event;
            yield return decided.Reply;
        }
    }

    private static (QueueState State, List<object> Events) Fenced(FenceKind kind)
    {
        var ids = Enumerable.Range(0, Leases).Select(number => $"task-{number}").ToList();
        var state = Submission.Apply(QueueState.Empty, new TasksAccepted { At = At, Tasks = [.. ids.Select(id => Task(id, 1))] });
        state = LeaseGrants.Apply(state, new TasksLeased
        {
            At = At,
            WorkerId = Worker,
            Leases = [.. ids.Select(
                (id, number) => new GrantedLease { TaskId = new(id), Epoch = new(number + 1), Timeout = TimeSpan.FromHours(1) })],
        });
        var fence = new FenceInstance { Partition = 0, WorkerId = Worker, Number = 1, Kind = kind, Reason = LongReason };
        var events = new List<object>();
        for (var isPart = true; isPart;)
        {
            var fenced = (InstanceFenced)InstanceFences.Decide(state, fence, Settings, 500, At).Event!;
            events.Add(fenced);
            state = QueueEvents.Apply(state, fenced);
            isPart = fenced.IsPart;
            Assert.Equal(isPart ? 0 : 1, state.ShareOf(Worker).LastFence);
        }

        Assert.Empty(state.ShareOf(Worker).Held);
        return kind == FenceKind.Returned
            ? (state, [.. events, .. QueueSnapshotMapping.ToParts(state, Settings.Storage.SnapshotPartBytes)])
            : (state, events);
    }

    private static IEnumerable<object> Outcomes()
    {
        var state = Fenced(FenceKind.Returned).State;
        var told = 0;
        while (OutcomeDelivery.BatchFor(state, Worker, 0) is { } outcomes)
        {
            told += outcomes.Outcomes.Length;
            yield return outcomes;
            var taken = new OutcomesReceived { Partition = 0, WorkerId = Worker, Number = outcomes.Number };
            state = QueueEvents.Apply(state, OutcomeDelivery.Decide(state, [taken])!);
        }

        Assert.Equal(Leases, told);
    }

    private static CoordinatorState Coordinator(string? task = null)
    {
        var sample = (FailureDecided)SampleOf.Type(typeof(FailureDecided));
        return Enumerable.Range(0, 900).Aggregate(CoordinatorState.Empty, (state, number) => state.Apply(sample with
        {
            Names = [],
            Decision = sample.Decision with
            {
                TaskId = new(task ?? $"t-{number}"),
                DecisionMetadata = sample.Decision.DecisionMetadata with { FailureId = new($"f-{number}"), Epoch = new(number) },
                FailureEvent = sample.Decision.FailureEvent with
                {
                    OccurredAt = At.AddSeconds(number),
                    ErrorMessage = new string('\u20ac', FailureLimits.MaxErrorMessageBytes),
                    Context = JsonText.Of(new string('c', 16_000)),
                },
            },
        }));
    }

    private static IEnumerable<object> Failures()
    {
        var state = Coordinator();
        var query = new ListFailures { Partition = 0, Limit = 1_000 };
        var listed = 0;
        for (var hasMore = true; hasMore;)
        {
            var page = state.List(query);
            yield return page;
            listed += page.Decisions.Length;
            hasMore = page.HasMore;
            var last = page.Decisions[^1];
            query = query with
            {
                After = new FailureCursor { OccurredAt = last.FailureEvent.OccurredAt, FailureId = last.DecisionMetadata.FailureId },
            };
        }

        Assert.Equal(900, listed);
    }

    private static readonly ListStaleReports All = new() { Partition = 0, Limit = 1_000 };

    private static CoordinatorState WithStaleReports() =>
        Enumerable.Range(0, 1_000).Aggregate(CoordinatorState.Empty, (state, number) => state.Apply(new StaleReportRecorded
        {
            TaskId = new($"t-{number}"),
            Report = new StaleReport { At = At.AddSeconds(number), Detail = new string('\u20ac', 2_000) },
        }));

    private static IEnumerable<object> StaleReports()
    {
        var state = WithStaleReports();
        Assert.Equal(
            state.List(All).Reports.AsEnumerable(),
            CoordinatorState.FromParts([.. state.ToParts(Settings.Storage.SnapshotPartBytes)]).List(All).Reports);
        var query = All;
        var listed = 0;
        for (var hasMore = true; hasMore;)
        {
            var page = state.List(query);
            yield return page;
            listed += page.Reports.Length;
            hasMore = page.HasMore;
            query = query with { After = new StaleReportCursor { At = page.Reports[^1].At, TaskId = page.Reports[^1].TaskId } };
        }

        Assert.Equal(1_000, listed);
    }

    private static FleetSlice Slice() => new()
    {
        Bucket = 0,
        Profiles =
        [
            .. Enumerable.Range(0, 100).Select(number => new ProfileCount
            {
                Live = 1,
                Profile = new WorkerProfile
                {
                    Capability = WorkerCapability.Cpu,
                    DiskGb = number,
                    ContentTypes = [.. Enumerable.Repeat(new string('\u20ac', WorkerLimits.MaxTextBytes), WorkerLimits.MaxListEntries)],
                },
            }),
        ],
    };

    private int Bytes(object value) => Sys.Serialization.FindSerializerFor(value).ToBinary(value).Length;
}
