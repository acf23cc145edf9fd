using CsCheck;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;

namespace Morag.Failover.Domain.Tests.Fleet;

public sealed class DirectorySpecs
{
    private static readonly DateTimeOffset T0 = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly Gen<WorkerEntry> Entry = Gen.Select(
        Gen.Int[0, 11], Gen.Long[1, 20], Gen.Enum<Liveness>(), Gen.Enum<BreakerState>(), Gen.Int[0, 15], (
            id, revision, liveness, breaker, flags) =>
            new WorkerEntry
            {
                WorkerId = new($"w{id:00}"),
                Revision = revision,
                Registration = flags % 4 == 0 ? null : Registration($"w{id:00}", id % 3),
                Unregistered = flags % 4 == 0 && flags > 4,
                Liveness = liveness,
                BreakerState = breaker,
                Draining = flags == 5,
                HasReliabilityData = flags > 8,
                LostAt = flags == 9 ? T0.AddSeconds(revision) : null,
            });

    [Fact]
    public void Should_count_what_its_entries_say_after_any_history()
    {
        Entry.Array[0, 60].Sample(updates =>
        {
            var state = DirectoryState.Empty;
            var newest = new Dictionary<string, WorkerEntry>();
            foreach (var entry in updates)
            {
                if (state.Decide(new UpdateWorkerEntry { Bucket = 0, Entry = entry }) is { } @event)
                {
                    state = state.Apply(@event);
                    newest[entry.WorkerId.Value] = entry;
                }

                Assert.True(newest[entry.WorkerId.Value].Revision >= entry.Revision);
            }

            foreach (var same in new[] { state, DirectoryState.FromParts([.. state.ToParts(1_500)]) })
            {
                var registered = newest.Values.Where(entry => entry.Registration is not null).ToList();
                var counts = same.Tally.Counts();
                Assert.Equal(registered.Count, counts.TotalWorkers);
                Assert.Equal(registered.Count(entry => entry.Liveness == Liveness.Alive), counts.AliveWorkers);
                Assert.Equal(registered.Count(entry => entry.Liveness == Liveness.Suspect), counts.SuspectWorkers);
                Assert.Equal(registered.Count(entry => entry.Draining), counts.DrainingWorkers);
                Assert.Equal(newest.Values.Count(entry => entry.BreakerState == BreakerState.Open), counts.ActiveCircuitBreakers);
                Assert.Equal(newest.Values.Count(entry => entry.HasReliabilityData), counts.WorkersWithReliabilityData);
                Assert.Equal(
                    registered.GroupBy(WorkerClass.Of).Select(group => (group.Key, group.Count())).ToHashSet(),
                    same.Tally.Census.Select(group => (group.Key, group.Value)).ToHashSet());

                var slice = same.Tally.Slice(0, 1, T0);
                Assert.Equal(registered.Count(entry => entry.Liveness != Liveness.Offline), slice.Profiles.Sum(profile => profile.Live));
                Assert.Equal(
                    registered.Count(
                        entry => entry is { Liveness: Liveness.Alive, Draining: false } && entry.BreakerState != BreakerState.Open),
                    slice.Profiles.Sum(profile => profile.Ready));
                Assert.Equal(
                    registered.Select(entry => entry.WorkerId.Value).Order(StringComparer.Ordinal),
                    same.RegisteredAfter(null).Select(entry => entry.WorkerId.Value));
            }
        });
    }

    [Fact]
    public void Should_list_a_hundred_thousand_workers_page_by_page_in_the_order_of_their_ids()
    {
        const int Workers = 100_000;
        var state = DirectoryState.FromParts([new DirectorySnapshot
        {
            Entries =
            [
                .. Enumerable.Range(0, Workers).Select(i => new WorkerEntry
                {
                    WorkerId = new($"w{i:000000}"),
                    Revision = 1,
                    Registration = Registration($"w{i:000000}", i % 3),
                }),
            ],
        }]);

        var listed = 0;
        WorkerId? after = null;
        while (state.RegisteredAfter(after).Take(1_000).ToList() is { Count: > 0 } page)
        {
            Assert.Equal($"w{listed:000000}", page[0].WorkerId.Value);
            listed += page.Count;
            after = page[^1].WorkerId;
        }

        Assert.Equal(Workers, listed);
        Assert.Equal(Workers, state.Tally.Counts().TotalWorkers);
    }

    [Fact]
    public void Should_keep_every_entry_until_it_is_forgotten_and_name_those_beyond_what_is_kept()
    {
        const int More = 3;
        var state = DirectoryState.FromParts([new DirectorySnapshot
        {
            Entries = [.. Enumerable.Range(0, DirectoryState.NotRegisteredKept).Select(
                i => new WorkerEntry { WorkerId = new($"r{i:00000}"), Revision = 1 })],
            NotRegistered = [.. Enumerable.Range(0, DirectoryState.NotRegisteredKept).Select(i => new WorkerId($"r{i:00000}"))],
        }]);
        Assert.Empty(state.BeyondKept(0));

        for (var i = 0; i < More; i++)
        {
            state = state.Apply(new WorkerEntryUpdated { Entry = new() { WorkerId = new($"s{i}"), Revision = 1 } });
        }

        Assert.Equal(DirectoryState.NotRegisteredKept + More, state.Count);
        Assert.Equal([(1, "r00000"), (2, "r00001"), (3, "r00002")], Beyond(0));
        Assert.Equal([(3, "r00002")], Beyond(2));
        Assert.Empty(Beyond(3));

        state = state.Apply(
            new WorkerEntryUpdated { Entry = new() { WorkerId = new("r00001"), Revision = 2, Registration = Registration("r00001", 0) } });
        state = state.Apply(new WorkerEntryForgotten { WorkerId = new("r00000") });
        Assert.Equal([(3, "r00002")], Beyond(0));
        Assert.Equal(1, state.CountBeyondKept(1));
        Assert.Equal(0, state.CountBeyondKept(3));

        IEnumerable<(long, string)> Beyond(long after) =>
            state.BeyondKept(after).Select(place => (place.Number, place.Entry.WorkerId.Value));
    }

    /// <summary>
    /// What told the directory that its entity had forgotten a worker may get lost; the entity then counts revisions from the start.
    /// </summary>
    [Fact]
    public void Should_take_the_entry_of_a_worker_that_is_known_again_after_it_was_forgotten()
    {
        var gone = new WorkerEntry
        {
            WorkerId = new("w"),
            Revision = 7,
            Registration = Registration("w", 0),
            RegisteredAt = T0,
            GoneSince = T0.AddDays(1),
        };
        var state = DirectoryState.Empty.Apply(new WorkerEntryUpdated { Entry = gone });

        Assert.True(IsTaken(gone with { Revision = 1, RegisteredAt = T0.AddDays(9), GoneSince = null }));
        Assert.True(IsTaken(gone with { Revision = 1, Registration = null, RegisteredAt = default, GoneSince = T0.AddDays(9) }));
        Assert.True(IsTaken(gone with { Revision = 2, RegisteredAt = T0.AddDays(9), GoneSince = T0.AddDays(9) }));
        Assert.False(IsTaken(gone with { Revision = 6 }));
        Assert.False(IsTaken(gone with { Revision = 6, GoneSince = T0.AddHours(1) }));
        Assert.False(IsTaken(gone with { Revision = 6, GoneSince = null }));

        bool IsTaken(WorkerEntry entry) => state.Decide(new UpdateWorkerEntry { Bucket = 0, Entry = entry }) is not null;
    }

    [Fact]
    public void Should_tell_of_losses_for_an_hour_newest_last()
    {
        var state = DirectoryState.Empty;
        for (var i = 0; i < 3; i++)
        {
            state = state.Apply(new WorkerEntryUpdated
            {
                Entry = new()
                {
                    WorkerId = new($"w{i}"),
                    Revision = 1,
                    Registration = Registration($"w{i}", 0),
                    LostAt = T0.AddMinutes(i * 25),
                },
            });
        }

        var losses = state.Tally.Slice(0, 1, T0.AddMinutes(61)).RecentLosses;

        Assert.Equal(["w1", "w2"], losses.Select(loss => loss.WorkerId.Value));
    }

    [Fact]
    public void Should_tell_of_a_loss_for_an_hour_when_the_worker_is_forgotten_sooner()
    {
        var lost = new WorkerEntry { WorkerId = new("w"), Revision = 1, Registration = Registration("w", 0), LostAt = T0, GoneSince = T0 };
        var state = DirectoryState.Empty
            .Apply(new WorkerEntryUpdated { Entry = lost })
            .Apply(new WorkerEntryForgotten { WorkerId = lost.WorkerId });

        var restored = DirectoryState.FromParts([.. state.ToParts(1_500)]);

        Assert.Equal(0, restored.Count);
        Assert.Equal(["w"], restored.Tally.Slice(0, 1, T0.AddMinutes(59)).RecentLosses.Select(loss => loss.WorkerId.Value));
        Assert.Empty(restored.Tally.Slice(0, 1, T0.AddMinutes(60)).RecentLosses);
    }

    private static WorkerRegistration Registration(string id, int kind) => new()
    {
        WorkerId = new(id),
        Capability = (WorkerCapability)kind,
        Queues = kind == 1 ? [new("gpu_priority")] : [],
    };
}
