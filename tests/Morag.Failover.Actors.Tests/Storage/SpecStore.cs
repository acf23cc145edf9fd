using System.Collections.Concurrent;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Serialization;

namespace Morag.Failover.Actors.Tests.Storage;

/// <summary>
/// What a spec stores: events and snapshots as bytes, through the real serializers, so that nothing comes back that could not come
/// back from a disk. It outlives actors and systems, and several systems may share it.
/// </summary>
public sealed class SpecStore
{
    private readonly ConcurrentDictionary<string, Stored> entities = new();

    /// <summary>Binds a system's persistence to the store that its <see cref="SpecStoreSetup"/> names.</summary>
    public static Config Config { get; } = ConfigurationFactory.ParseString(
        $$"""
        akka.persistence {
          journal.plugin = "akka.persistence.journal.spec"
          journal.spec.class = "{{typeof(SpecJournal).AssemblyQualifiedName}}"
          snapshot-store.plugin = "akka.persistence.snapshot-store.spec"
          snapshot-store.spec.class = "{{typeof(SpecSnapshots).AssemblyQualifiedName}}"
        }
        """);

    /// <summary>What the journal does with each event that is to be written; it stores all where this is not set.</summary>
    public Func<IPersistentRepresentation, WriteFate> Fate { get; set; } = _ => WriteFate.Stored;

    /// <summary>Whether nothing can be erased.</summary>
    public bool FailsToErase { get; set; }

    /// <summary>Whether nothing at all is stored of an entity.</summary>
    public bool IsBlank(string persistenceId) => !entities.TryGetValue(persistenceId, out var stored) || stored.IsBlank();

    /// <summary>The events stored of an entity that are not removed, as objects.</summary>
    public IReadOnlyList<object> EventsOf(string persistenceId, ActorSystem system) => entities.TryGetValue(persistenceId, out var stored)
        ? stored.Read(events => events.Values.Select(item => item.Read(system)).ToList())
        : [];

    /// <summary>
    /// Every snapshot that was ever saved, put together from its parts, with the events that led to it, also those that were removed since.
    /// </summary>
    public IEnumerable<(string PersistenceId, IReadOnlyList<IStoredState> Snapshot, IReadOnlyList<IStoredEvent> Events)>
        SnapshotsWithTheirEvents(ActorSystem system) =>
        from entity in entities
        let ever = entity.Value.Ever()
        let appended = ever.Appended.Select(item => (IStoredEvent)item.Read(system)).ToList()
        from saved in ever.Saved
        let snapshot = (IStoredState)saved.Snapshot.Read(system)
        let parts = snapshot is SnapshotInParts
            ? appended.OfType<SnapshotPart>().Where(part => part.SequenceNr == saved.SequenceNr).Select(part => Content(part, system))
                .ToList()
            : [snapshot]
        select (entity.Key, (IReadOnlyList<IStoredState>)parts, (IReadOnlyList<IStoredEvent>)appended[..(int)saved.SequenceNr]);

    /// <summary>The entities that ever stored an event.</summary>
    public IEnumerable<string> PersistenceIds => entities.Keys.Order(StringComparer.Ordinal);

    private static IStoredState Content(SnapshotPart part, ActorSystem system) =>
        (IStoredState)new Item(
            new Morag.Failover.Actors.Serialization.StoredSerializer((ExtendedActorSystem)system).Identifier,
            part.Manifest,
            part.Content).Read(system);

    internal Stored Of(string persistenceId) => entities.GetOrAdd(persistenceId, _ => new Stored());

    /// <summary>One value as it is stored.</summary>
    internal sealed record Item(int SerializerId, string Manifest, byte[] Bytes)
    {
        public static Item Of(object value, ActorSystem system)
        {
            var serializer = system.Serialization.FindSerializerFor(value);
            return new Item(
                serializer.Identifier, Akka.Serialization.Serialization.ManifestFor(serializer, value), serializer.ToBinary(value));
        }

        public object Read(ActorSystem system) => system.Serialization.Deserialize(Bytes, SerializerId, Manifest);
    }

    /// <summary>What is stored of one entity.</summary>
    internal sealed class Stored
    {
        private readonly Lock gate = new();
        private readonly SortedDictionary<long, Item> events = [];
        private readonly SortedDictionary<long, Item> snapshots = [];
        private readonly List<Item> everAppended = [];
        private readonly List<(long SequenceNr, Item Snapshot)> everSaved = [];

        public long Highest { get; private set; }

        /// <summary>All events and snapshots in their order, also those that were removed.</summary>
        public (List<Item> Appended, List<(long SequenceNr, Item Snapshot)> Saved) Ever()
        {
            lock (gate)
            {
                return ([.. everAppended], [.. everSaved]);
            }
        }

        /// <summary>Stores the next event; another number is a second writer.</summary>
        public void Append(long sequenceNr, Item item)
        {
            lock (gate)
            {
                if (sequenceNr != Highest + 1)
                {
                    throw new InvalidOperationException($"{sequenceNr} does not follow {Highest}: two wrote at once");
                }

                events.Add(sequenceNr, item);
                everAppended.Add(item);
                Highest = sequenceNr;
            }
        }

        public T Read<T>(Func<SortedDictionary<long, Item>, T> read)
        {
            lock (gate)
            {
                return read(events);
            }
        }

        public void RemoveUpTo(long sequenceNr)
        {
            lock (gate)
            {
                RemoveWhere(events, number => number <= sequenceNr);
            }
        }

        public void Save(long sequenceNr, Item snapshot)
        {
            lock (gate)
            {
                snapshots[sequenceNr] = snapshot;
                everSaved.Add((sequenceNr, snapshot));
            }
        }

        public (long SequenceNr, Item Snapshot)? Latest(long upTo)
        {
            lock (gate)
            {
                return snapshots.Where(saved => saved.Key <= upTo).Select(saved => ((long, Item)?)(saved.Key, saved.Value)).LastOrDefault();
            }
        }

        public void RemoveSnapshots(Func<long, bool> which)
        {
            lock (gate)
            {
                RemoveWhere(snapshots, which);
            }
        }

        /// <summary>Removes everything, also the highest number.</summary>
        public void Erase()
        {
            lock (gate)
            {
                events.Clear();
                snapshots.Clear();
                Highest = 0;
            }
        }

        /// <summary>Whether nothing is stored.</summary>
        public bool IsBlank()
        {
            lock (gate)
            {
                return events.Count == 0 && snapshots.Count == 0 && Highest == 0;
            }
        }

        private static void RemoveWhere(SortedDictionary<long, Item> items, Func<long, bool> which)
        {
            foreach (var number in items.Keys.Where(which).ToList())
            {
                items.Remove(number);
            }
        }
    }
}

/// <summary>What becomes of a write.</summary>
public enum WriteFate
{
    /// <summary>It is stored, and the writer hears of it.</summary>
    Stored,

    /// <summary>The writer is killed before it is stored.</summary>
    KilledBefore,

    /// <summary>It is stored, and the writer is killed before it hears of it.</summary>
    KilledAfter,

    /// <summary>Storage fails.</summary>
    Failed,
}

/// <summary>Gives a system its store.</summary>
public sealed class SpecStoreSetup(SpecStore store) : Setup
{
    public SpecStore Store { get; } = store;

    internal static SpecStore Of(ActorSystem system) => system.Settings.Setup.Get<SpecStoreSetup>().Value.Store;
}
