using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence.Query;

namespace Morag.Persistence.Redis.Query;

/// <summary>Creates the read journal. The <c>class</c> setting of the plugin's section names this type.</summary>
/// <param name="system">The actor system.</param>
/// <param name="plugin">The plugin's section of the configuration.</param>
public sealed class RedisReadJournalProvider(ExtendedActorSystem system, Config plugin) : IReadJournalProvider
{
    /// <inheritdoc/>
    /// <exception cref="ConfigurationException">A setting is missing or out of range.</exception>
    public IReadJournal GetReadJournal() => new RedisReadJournal(system, plugin);
}
