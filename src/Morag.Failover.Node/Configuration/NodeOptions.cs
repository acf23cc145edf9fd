using System.Globalization;
using System.Net;
using Akka.Configuration;
using Morag.EmbeddedRedis;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Http;
using Morag.Failover.Node.Stores;
using StackExchange.Redis;

namespace Morag.Failover.Node.Configuration;

/// <summary>All settings of a node, read once and checked. Not a record: its text would show secrets.</summary>
public sealed class NodeOptions
{
    /// <summary>Name of the actor system, and so part of every node's address. Frozen: nodes with another one cannot join.</summary>
    public const string ActorSystemName = "morag";

    private const int MinTokenLength = 16;
    private const int MaxTokenLength = 512;

    /// <summary>StackExchange.Redis connection string; null: the node runs a Redis of its own.</summary>
    public required string? Redis { get; init; }

    /// <summary>Full path of the folder of what the node keeps on disk.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Urls of the HTTP API, at least one.</summary>
    public required IReadOnlyList<string> HttpUrls { get; init; }

    /// <summary>Name or address under which other nodes reach this one.</summary>
    public required string Host { get; init; }

    /// <summary>Port for other nodes; 0 takes a free one.</summary>
    public required int Port { get; init; }

    /// <summary>Full addresses of the nodes to join; empty: a cluster of one.</summary>
    public required IReadOnlyList<string> Seeds { get; init; }

    /// <summary>Roles of this node in the cluster.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>The tokens that are valid, at most two; empty: no token is asked for.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>How the HTTP API waits and streams, with the tokens.</summary>
    public required HttpApiSettings Api { get; init; }

    /// <summary>The loss of data that the operator accepts at this start, as the refusal has named it; null: none.</summary>
    public string? AcceptedDataLoss { get; init; }

    /// <summary>The memory that the embedded Redis may take, in bytes.</summary>
    public long EmbeddedMemory { get; init; } = EmbeddedRedisOptions.DefaultMemory(AvailableMemory);

    /// <summary>The settings of failover that are in force.</summary>
    public required FailoverSettings Failover { get; init; }

    /// <summary>The settings of failover as they were given, before the embedded Redis lowered some.</summary>
    public required FailoverSettings FailoverAsGiven { get; init; }

    /// <summary>All settings as they were put together.</summary>
    public required Config Configuration { get; init; }

    /// <summary>Folder of the embedded Redis.</summary>
    public string EmbeddedRedisFolder => Path.Combine(DataFolder, "redis");

    /// <summary>Reads and checks the settings: command line over environment over <c>--config</c> file over defaults.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="environment">Gives the value of an environment variable, or null.</param>
    /// <exception cref="ConfigurationRefusedException">A setting is not allowed; the message is one line that says which and why.</exception>
    public static NodeOptions Load(IReadOnlyList<string> arguments, Func<string, string?> environment)
    {
        var config = NodeConfiguration.Load(new NodeCommandLine(arguments), environment);
        var morag = new SettingsSection(config, "morag");
        var tokens = ReadTokens(morag.Text("token"));
        var redis = ReadRedis(morag.Text("redis"));
        var embedded = morag.Child("embedded").SizeOrAuto("memory", "384MiB", "1024GiB") ?? EmbeddedRedisOptions.DefaultMemory(AvailableMemory);
        var failover = FailoverSettingsReader.Read(config);
        var options = new NodeOptions
        {
            Redis = redis,
            DataFolder = ReadFolder(morag.Text("data")),
            HttpUrls = [.. ReadList(morag.Text("http")).Select(ReadUrl)],
            Host = ReadHost(morag.Text("host")),
            Port = morag.Integer("port", 0, IPEndPoint.MaxPort),
            Seeds = [.. ReadList(morag.Text("seeds")).Select(ReadSeed)],
            Roles = [.. ReadList(morag.Text("roles")).Select(ReadRole)],
            Tokens = tokens,
            Api = ReadApi(morag.Child("api"), tokens),
            AcceptedDataLoss = morag.Text("accept-data-loss") is { Length: > 0 } loss ? loss : null,
            EmbeddedMemory = embedded,
            Failover = redis is null ? EmbeddedLimits.InForce(failover, embedded) : failover,
            FailoverAsGiven = failover,
            Configuration = config,
        };
        options.RefuseContradictions();
        return options;
    }

    /// <summary>The settings of the actor system, once it is known which Redis it uses.</summary>
    /// <param name="redisConnectionString"><see cref="Redis"/>, or that of the embedded one.</param>
    public Config ActorSystemConfig(string redisConnectionString) =>
        ConfigurationFactory.ParseString(
            $"""
            {NodeConfiguration.Assignment("akka.remote.dot-netty.tcp.hostname", Host)}
            akka.remote.dot-netty.tcp.port = {Port.ToString(CultureInfo.InvariantCulture)}
            akka.cluster.seed-nodes = [{string.Join(", ", Seeds.Select(seed => $"\"{seed}\""))}]
            akka.cluster.roles = [{string.Join(", ", Roles.Select(role => $"\"{role}\""))}]
            {NodeConfiguration.Assignment("akka.coordination.lease.redis.connection-string", redisConnectionString)}
            """)
        .WithFallback(Configuration);

    internal static long AvailableMemory => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    private void RefuseContradictions()
    {
        if (HttpUrls.Count == 0)
        {
            throw NodeSetting.Http.Refused("", "at least one url is needed");
        }

        if (Tokens.Count == 0 && HttpUrls.FirstOrDefault(url => !IsLoopback(url)) is { } open)
        {
            throw NodeSetting.Http.Refused(open, $"without a token ({NodeSetting.Token.Variable}) only loopback is allowed, such as http://127.0.0.1:8080");
        }

        if (Seeds.Count > 0 && Redis is null)
        {
            throw NodeSetting.Seeds.Refused(
                string.Join(',', Seeds),
                $"nodes of one cluster have to share a Redis, so {NodeSetting.Redis.Variable} is needed (each would have a journal of its own)");
        }
    }

    private static HttpApiSettings ReadApi(SettingsSection section, string[] tokens) => new()
    {
        Tokens = [.. tokens],
        AnswerTimeout = section.Duration("answer-timeout", "100ms", "5m"),
        KeepAlive = section.Duration("keep-alive", "1s", "1m"),
        EventBuffer = section.Integer("event-buffer", 10, 1_000_000),
    };

    private static string[] ReadList(string text) =>
        text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string? ReadRedis(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        try
        {
            var options = ConfigurationOptions.Parse(text);
            return options.EndPoints.Count == 0 ? throw NodeSetting.Redis.RefusedUnseen("it names no server, such as redis.example:6379")
                : options.DefaultDatabase < 0 ? throw NodeSetting.Redis.RefusedUnseen("its defaultDatabase must not be negative")
                : text;
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw NodeSetting.Redis.RefusedUnseen("it is not a connection string of StackExchange.Redis, such as redis.example:6379,password=...");
        }
    }

    private static string ReadFolder(string text)
    {
        try
        {
            return Path.GetFullPath(text);
        }
        catch (ArgumentException)
        {
            throw NodeSetting.Data.Refused(text, "the path of a folder is needed");
        }
    }

    private static string ReadUrl(string text) =>
        TryParseUrl(text) is { AbsolutePath: "/", Query: "", Fragment: "", UserInfo: "" } url && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
            ? text
            : throw NodeSetting.Http.Refused(text, "urls of the form http://host:port are allowed");

    // The web server takes + and * for any address, which Uri does not know.
    private static Uri? TryParseUrl(string text) =>
        Uri.TryCreate(text.Replace("://+", "://0.0.0.0", StringComparison.Ordinal).Replace("://*", "://0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out var url)
            ? url
            : null;

    /// <summary>The web server binds a name that it does not know to all addresses, so only these are safe.</summary>
    private static bool IsLoopback(string url)
    {
        var host = TryParseUrl(url)!.Host;
        return host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
    }

    private static string ReadHost(string text) =>
        Uri.CheckHostName(text) != UriHostNameType.Unknown
            ? text
            : throw NodeSetting.Host.Refused(text, "the name or address of a host is needed");

    private static string ReadSeed(string text)
    {
        var prefix = $"akka.tcp://{ActorSystemName}@";
        var address = text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text;
        var colon = address.LastIndexOf(':');
        return colon > 0
            && Uri.CheckHostName(address[..colon]) != UriHostNameType.Unknown
            && int.TryParse(address[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is > 0 and <= IPEndPoint.MaxPort
                ? prefix + address
                : throw NodeSetting.Seeds.Refused(text, $"host:port with a port from 1 to {IPEndPoint.MaxPort} is allowed, comma-separated");
    }

    private static string ReadRole(string text) =>
        Identifier.IsValid(text) ? text : throw NodeSetting.Roles.Refused(text, Identifier.Rule);

    private static string[] ReadTokens(string text)
    {
        var tokens = ReadList(text);
        return tokens.Length <= 2 && tokens.All(IsToken)
            ? tokens
            : throw NodeSetting.Token.RefusedUnseen(
                $"one token or two, comma-separated, each of {MinTokenLength} to {MaxTokenLength} printable ASCII characters without spaces, are allowed");
    }

    private static bool IsToken(string token) =>
        token.Length is >= MinTokenLength and <= MaxTokenLength && token.All(character => character is > ' ' and <= '~');
}
