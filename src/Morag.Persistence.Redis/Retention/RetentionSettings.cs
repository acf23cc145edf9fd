using Akka.Configuration;
using Morag.Persistence.Redis.Connection;

namespace Morag.Persistence.Redis.Retention;

/// <summary>Retention of the entries of ended persistence ids. <c>reference.conf</c> describes each setting.</summary>
internal sealed record RetentionSettings
{
    private const string Section = "retention";

    /// <summary>Minimum age of an ended id's last event.</summary>
    public required TimeSpan After { get; init; }

    /// <summary>Manifests and tags of the events that end an id.</summary>
    public required IReadOnlySet<string> EndedBy { get; init; }

    /// <summary>Time between two sweeps.</summary>
    public required TimeSpan Interval { get; init; }

    /// <summary>Reads and validates the settings of one journal. Returns null if retention is off.</summary>
    /// <exception cref="ConfigurationException">A value is out of range, or no event ends an id.</exception>
    public static RetentionSettings? Read(Config plugin, string path)
    {
        var retention = plugin.GetConfig(Section);
        if (retention.GetString("after", "off") is "off" or "false") return null;

        var endedBy = retention.GetStringList("ended-by").ToHashSet(StringComparer.Ordinal);
        if (endedBy.Count == 0)
        {
            throw new ConfigurationException(
                $"{path}.{Section}.ended-by is empty. With {Section}.after set, it must list the manifests or tags of the events that end "
                + "a persistence id.");
        }

        var section = $"{path}.{Section}";
        return new RetentionSettings
        {
            After = RedisSettings.ReadDurationInRange(retention, section, "after", TimeSpan.FromHours(1), TimeSpan.FromDays(36_500)),
            EndedBy = endedBy,
            Interval = RedisSettings.ReadDurationInRange(retention, section, "interval", TimeSpan.FromSeconds(1), TimeSpan.FromDays(7)),
        };
    }
}
