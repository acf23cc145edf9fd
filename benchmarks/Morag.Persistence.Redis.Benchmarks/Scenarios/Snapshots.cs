using System.Globalization;
using Akka.Actor;
using Akka.Persistence;
using Morag.Benchmarks.Reporting;
using Morag.Persistence.Redis.Benchmarks.Running;

namespace Morag.Persistence.Redis.Benchmarks.Scenarios;

/// <summary>Saves and loads snapshots of 10 kB for 100 ids, one at a time each.</summary>
internal sealed class Snapshots : IScenario
{
    private const int Ids = 100;
    private const int Kept = 100;
    private const int LoadsPerId = 200;

    private static readonly Blob Snapshot = new(new byte[10_000]);

    public string Name => "snapshots";

    public async Task MeasureAsync(Measurement measurement)
    {
        await using var system = await JournalSystem.StartAsync();
        var store = Akka.Persistence.Persistence.Instance.Apply(system.Actors).SnapshotStoreFor(RedisPersistence.SnapshotStorePluginId);

        await SaveAsync(store, "single", 1);
        await SaveAsync(store, "warm", Kept);
        await LoadAsync(store, "warm", Kept);
        var saves = await system.RateAsync(measurement, "save", Ids * Kept, () => SaveAsync(store, "kept", Kept));
        var loads = await system.RateAsync(measurement, "load", Ids * LoadsPerId, () => LoadAsync(store, "single", 1));
        var loadsOfMany = await system.RateAsync(measurement, "load_with_100_kept", Ids * LoadsPerId, () => LoadAsync(store, "kept", Kept));
        _ = await measurement.AddRawRedisAsync(system.Redis.Port);
        measurement.AtLeast("saves_per_second", saves, 20_000);
        measurement.AtLeast("loads_per_second", loads, 20_000);
        measurement.AtLeast("loads_per_second_with_100_kept", loadsOfMany, 20_000);
    }

    private static Task SaveAsync(IActorRef store, string name, int each) => ForEachIdAsync(name, async id =>
    {
        for (var number = 1; number <= each; number++)
        {
            var metadata = new SnapshotMetadata(id, number, TimeProvider.System.GetUtcNow().UtcDateTime);
            _ = await store.Ask<SaveSnapshotSuccess>(new SaveSnapshot(metadata, Snapshot));
        }
    });

    private static Task LoadAsync(IActorRef store, string name, int expected) => ForEachIdAsync(name, async id =>
    {
        for (var load = 0; load < LoadsPerId; load++)
        {
            var loaded = await store.Ask<LoadSnapshotResult>(new LoadSnapshot(id, SnapshotSelectionCriteria.Latest, long.MaxValue));
            if (loaded.Snapshot.Metadata.SequenceNr != expected)
            {
                throw new InvalidOperationException(
                    $"The snapshot of {id} has number {loaded.Snapshot.Metadata.SequenceNr} instead of {expected}");
            }
        }
    });

    private static Task ForEachIdAsync(string name, Func<string, Task> work)
        => Task.WhenAll(Enumerable.Range(0, Ids).Select(number => work(string.Create(CultureInfo.InvariantCulture, $"{name}-{number}"))));
}
