using System.Globalization;
using System.Text;
using Akka.Hosting;

namespace Morag.Persistence.Redis.Hosting;

/// <summary>Writes the settings that the journal and the snapshot store have in common as HOCON.</summary>
internal static class PluginSection
{
    public static void Append(StringBuilder hocon, string configurationString, string? keyPrefix, int? database)
    {
        hocon.AppendLine(CultureInfo.InvariantCulture, $"configuration-string = {configurationString.ToHocon()}");
        if (keyPrefix is not null) hocon.AppendLine(CultureInfo.InvariantCulture, $"key-prefix = {keyPrefix.ToHocon()}");
        if (database is not null) hocon.AppendLine(CultureInfo.InvariantCulture, $"database = {database.Value}");
    }
}
