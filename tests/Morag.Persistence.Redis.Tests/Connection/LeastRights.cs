using Akka.Configuration;
using Morag.Persistence.Redis.Tests.Servers;

namespace Morag.Persistence.Redis.Tests.Connection;

/// <summary>What README.md lets a user of Redis do, word for word.</summary>
internal static class LeastRights
{
    private const string Password = "least";

    private static readonly string[][] All = [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "README.md"))
        .Where(line => line.StartsWith("ACL SETUSER ", StringComparison.Ordinal))
        .Select(line => line.Split('#')[0].Replace("PASSWORD", Password, StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries))];

    /// <summary>For journal and snapshot store.</summary>
    public static IReadOnlyList<string[]> OfThePlugins => All[..1];

    /// <summary>For all that not everybody uses.</summary>
    public static IReadOnlyList<string[]> Further => All[1..];

    /// <summary>The plugins as the user of README.md.</summary>
    public static Config Use(RedisTestServer server, string settings = "")
        => Plugins.At($"{server.Address},user=journal,password={Password}", settings);
}
