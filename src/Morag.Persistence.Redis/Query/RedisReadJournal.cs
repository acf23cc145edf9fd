using Akka;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence.Query;
using Akka.Streams.Dsl;
using Morag.Persistence.Redis.Connection;

namespace Morag.Persistence.Redis.Query;

/// <summary>
/// Queries the events and persistence ids of a journal, over a connection of its own. A query reads at most one page ahead of demand. Live
/// queries wait during an outage of Redis; the other queries fail. An unreadable event fails only the queries that read it.
/// </summary>
public sealed class RedisReadJournal :
    ICurrentPersistenceIdsQuery,
    IPersistenceIdsQuery,
    ICurrentEventsByPersistenceIdQuery,
    IEventsByPersistenceIdQuery
{
    /// <summary>Id of the plugin, for <c>PersistenceQuery.ReadJournalFor</c>.</summary>
    public const string Identifier = RedisPersistence.ReadJournalPluginId;

    private readonly EventQuery _events;
    private readonly PersistenceIdQuery _ids;

    internal RedisReadJournal(ExtendedActorSystem system, Config plugin)
    {
        plugin = plugin.WithFallback(RedisPersistence.DefaultConfig().GetConfig(Identifier));
        var settings = ReadJournalSettings.Read(plugin, Identifier);
        var journal = plugin.GetString("write-plugin", string.Empty) is { Length: > 0 } named
            ? named
            : system.Settings.Config.GetString("akka.persistence.journal.plugin", string.Empty);
        var connection = new RedisConnection(RedisSettings.ReadJournal(system, journal));
        system.RegisterOnTermination(connection.Close);

        _events = new EventQuery(system, connection, Akka.Persistence.Persistence.Instance.Apply(system).AdaptersFor(journal), settings);
        _ids = new PersistenceIdQuery(system, connection, settings);
    }

    /// <summary>The default settings. Akka.Persistence.Query calls this method, so applications need not add the settings.</summary>
    public static Config DefaultConfiguration() => RedisPersistence.DefaultConfig();

    /// <summary>
    /// Returns the persistence ids under which events have been written, each once and in no order, including ids whose events have all
    /// been deleted. Fails if Redis cannot be reached.
    /// </summary>
    public Source<string, NotUsed> CurrentPersistenceIds() => Source.From(() => _ids.ReadCurrentAsync());

    /// <summary>
    /// Returns the same ids, and then new ids as they are created. Each id is returned once, so the query keeps all of them in memory. It
    /// waits while Redis cannot be reached.
    /// </summary>
    public Source<string, NotUsed> PersistenceIds() => Source.From(() => _ids.ReadLiveAsync());

    /// <summary>Returns the stored events of a persistence id in order. Both bounds are inclusive.</summary>
    /// <remarks>The offset of an event is its sequence number. Fails if Redis cannot be reached or an event cannot be read.</remarks>
    /// <exception cref="ArgumentException">The journal does not accept this persistence id.</exception>
    public Source<EventEnvelope, NotUsed> CurrentEventsByPersistenceId(string persistenceId, long fromSequenceNr, long toSequenceNr)
    {
        KeyLayout.ValidatePersistenceId(persistenceId);
        return Source.From(() => _events.ReadCurrentAsync(persistenceId, fromSequenceNr, toSequenceNr));
    }

    /// <summary>Returns the same events, and then new events until <paramref name="toSequenceNr"/> is reached.</summary>
    /// <remarks>
    /// The query waits while Redis cannot be reached. It fails if an event cannot be read, and with <see cref="JournalRewoundException"/>
    /// if Redis has lost events that the query has seen.
    /// </remarks>
    /// <exception cref="ArgumentException">The journal does not accept this persistence id.</exception>
    public Source<EventEnvelope, NotUsed> EventsByPersistenceId(string persistenceId, long fromSequenceNr, long toSequenceNr)
    {
        KeyLayout.ValidatePersistenceId(persistenceId);
        return Source.From(() => _events.ReadLiveAsync(persistenceId, fromSequenceNr, toSequenceNr));
    }
}
