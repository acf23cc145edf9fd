using Morag.Failover.Actors.Fleet;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Tests.Fleet;

/// <summary>Workers that are not registered and more than are kept are asked for once in a round.</summary>
public sealed class ForgetRoundsSpecs
{
    private const int Beyond = 450;

    private static readonly DateTimeOffset T0 = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly ForgetRounds rounds = new(new WorkerSettings());

    [Fact]
    public void Should_ask_for_each_once_and_be_due_sooner_only_for_another_one_when_the_directory_changes()
    {
        var directory = DirectoryState.FromParts([new DirectorySnapshot
        {
            Entries = [.. Enumerable.Range(0, DirectoryState.NotRegisteredKept + Beyond).Select(Entry)],
            NotRegistered = [.. Enumerable.Range(0, DirectoryState.NotRegisteredKept + Beyond).Select(Worker)],
        }]);
        rounds.Begin(T0);
        rounds.Changed(directory, T0);
        Assert.Equal(T0 + Tick, rounds.DueAt);
        var now = T0;
        var asked = new List<WorkerId>();
        while (rounds.DueAt == now + Tick)
        {
            now += Tick;
            asked.AddRange(rounds.Due(directory, now).Select(gone => gone.WorkerId));
        }

        Assert.Equal(Enumerable.Range(0, Beyond).Select(Worker), asked);
        var nextRound = rounds.DueAt;
        directory = directory.Apply(new WorkerEntryForgotten { WorkerId = Worker(3) });
        rounds.Changed(directory, now);
        Assert.Equal(nextRound, rounds.DueAt);

        directory = directory.Apply(new WorkerEntryUpdated { Entry = Entry(90_000) });
        rounds.Changed(directory, now);
        Assert.Equal(now + Tick, rounds.DueAt);
        Assert.Equal([Worker(Beyond)], rounds.Due(directory, now + Tick).Select(gone => gone.WorkerId));
        Assert.Equal(Beyond, Enumerable.Range(0, 3).Sum(tick => rounds.Due(directory, nextRound + (tick * Tick)).Count));
    }

    private static WorkerId Worker(int number) => new($"w{number:000000}");

    private static WorkerEntry Entry(int number) => new() { WorkerId = Worker(number), Revision = 1 };
}
