using Akka.Configuration;
using Morag.Persistence.Redis.Connection;

namespace Morag.Persistence.Redis.Retention;

/// <summary>Which persistence ids have ended, and how long their entries are kept; <c>reference.conf</c> describes each.</summary>
internal sealed record RetentionSettings
{
    private const string Section = "retention";

    /// <summary>How old the last event of an ended id has to be.</summary>
    public required TimeSpan After { get; init; }

    /// <summary>The manifests and tags of the events that end an id.</summary>
    public required IReadOnlySet<string> EndedBy { get; init; }

    /// <summary>How often the ids are looked through.</summary>
    public required TimeSpan Interval { get; init; }

    /// <summary>Reads and checks the settings of one journal; null where nothing is to be removed.</summary>
    /// <exception cref="ConfigurationException">A value is outside its range, or it is not said what ends an id.</exception>
    public static RetentionSettings? Read(Config plugin, string path)
    {
        var retention = plugin.GetConfig(Section);
        if (retention.GetString("after", "off") is "off" or "false") return null;

        var endedBy = retention.GetStringList("ended-by").ToHashSet(StringComparer.Ordinal);
        if (endedBy.Count == 0)
            throw new ConfigurationException($"{path}.{Section}.ended-by is empty: with {Section}.after set, it has to name the events after which an id is not written to any more.");

        return new RetentionSettings
        {
            After = RedisSettings.ReadDurationInRange(retention, $"{path}.{Section}", "after", TimeSpan.FromHours(1), TimeSpan.FromDays(36_500)),
            EndedBy = endedBy,
            Interval = RedisSettings.ReadDurationInRange(retention, $"{path}.{Section}", "interval", TimeSpan.FromSeconds(1), TimeSpan.FromDays(7)),
        };
    }
}
