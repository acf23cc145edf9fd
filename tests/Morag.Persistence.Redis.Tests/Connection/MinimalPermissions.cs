using Akka.Configuration;
using Morag.Persistence.Redis.Tests.Servers;

namespace Morag.Persistence.Redis.Tests.Connection;

/// <summary>The ACL commands of README.md.</summary>
internal static class MinimalPermissions
{
    private const string Password = "least";

    private static readonly string[][] All = [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "README.md"))
        .Where(line => line.StartsWith("ACL SETUSER ", StringComparison.Ordinal))
        .Select(line => line.Split('#')[0].Replace("PASSWORD", Password, StringComparison.Ordinal))
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))];

    /// <summary>The permissions of journal and snapshot store.</summary>
    public static IReadOnlyList<string[]> Plugins => All[..1];

    /// <summary>The permissions of optional features.</summary>
    public static IReadOnlyList<string[]> Additional => All[1..];

    /// <summary>Configures the plugins with the user of README.md.</summary>
    public static Config Use(RedisTestServer server, string settings = "")
        => Servers.Plugins.At($"{server.Address},user=journal,password={Password}", settings);
}
