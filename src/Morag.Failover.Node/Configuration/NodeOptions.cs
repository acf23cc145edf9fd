using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Akka.Configuration;
using Morag.EmbeddedRedis;
using Morag.Failover.Actors.Security;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Alerts;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Http;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Logging;
using Morag.Failover.Node.Stores;
using StackExchange.Redis;

namespace Morag.Failover.Node.Configuration;

/// <summary>The validated settings of a node. Not a record, because its text would contain secrets.</summary>
public sealed class NodeOptions
{
    /// <summary>The name of the actor system, which is part of every node's address. Frozen: nodes with another name cannot join.</summary>
    public const string ActorSystemName = "morag";

    /// <summary>Where the role of the nodes that hold owners goes. Of the sides of a split, only nodes that hold owners count.</summary>
    private static readonly string[] OwnerRoleSettings =
    [
        "akka.cluster.sharding.role",
        .. new[] { "lease-majority", "keep-majority", "static-quorum", "keep-oldest" }
            .Select(strategy => $"akka.cluster.split-brain-resolver.{strategy}.role"),
    ];

    private static readonly string[] RedisAuthoritySettings =
    [
        "akka.coordination.lease.redis.tls-trusted-issuer",
        "akka.persistence.journal.redis.tls-trusted-issuer",
        "akka.persistence.snapshot-store.redis.tls-trusted-issuer",
    ];

    private const int MinTokenLength = 16;
    private const int MaxTokenLength = 512;

    /// <summary>The connection string for StackExchange.Redis; null if the node runs an embedded Redis.</summary>
    public required string? Redis { get; init; }

    /// <summary>The file with the certificate of an authority to trust for Redis over TLS; null for those of the machine.</summary>
    public string? RedisAuthority { get; init; }

    /// <summary>The files for TLS between nodes; null without TLS.</summary>
    public ClusterTlsFiles? Tls { get; init; }

    /// <summary>The files of the HTTP API's certificate; null if it comes from ASP.NET Core's own settings.</summary>
    public CertificateFiles? HttpTls { get; init; }

    /// <summary>The full path of the data folder.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The URLs of the HTTP API, at least one.</summary>
    public required IReadOnlyList<string> HttpUrls { get; init; }

    /// <summary>The URL of the HTTP API that the node announces to clients, or <c>auto</c>, or <c>none</c>.</summary>
    public required string Advertise { get; init; }

    /// <summary>The name or address at which other nodes reach this node. IPv6 addresses are in brackets.</summary>
    public required string Host { get; init; }

    /// <summary>The name or address that the port for other nodes listens on.</summary>
    public required string BindHost { get; init; }

    /// <summary>The port for other nodes; 0 selects a free one.</summary>
    public required int Port { get; init; }

    /// <summary>The full addresses of nodes to ask for admission, besides those that are found in Redis.</summary>
    public required IReadOnlyList<string> Seeds { get; init; }

    /// <summary>The cluster roles of this node.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>The role of the nodes that hold owners; empty if all nodes do.</summary>
    public required string OwnerRole { get; init; }

    /// <summary>The tokens that allow everything, at most two.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>The settings of the HTTP API, including the tokens.</summary>
    public required HttpApiSettings Api { get; init; }

    /// <summary>The receivers of alerts.</summary>
    public ImmutableArray<WebhookOptions> Webhooks { get; init; } = [];

    /// <summary>The token of the data loss that the operator accepts at this start; null if none.</summary>
    public string? AcceptedDataLoss { get; init; }

    /// <summary>The memory limit of the embedded Redis in bytes.</summary>
    public long EmbeddedMemory { get; init; } = EmbeddedRedisOptions.DefaultMemory(AvailableMemory);

    /// <summary>How long the presence of a node in Redis lasts without being renewed.</summary>
    public required TimeSpan PresenceTimeout { get; init; }

    /// <summary>How long a reachable node may be without presence before another one takes over.</summary>
    public required TimeSpan PresenceTakeOverAfter { get; init; }

    /// <summary>The format of the log.</summary>
    public required NodeLogFormat LogFormat { get; init; }

    /// <summary>The failover settings in force.</summary>
    public required FailoverSettings Failover { get; init; }

    /// <summary>The failover settings as configured, before the embedded Redis lowered some.</summary>
    public required FailoverSettings FailoverAsGiven { get; init; }

    /// <summary>The merged configuration.</summary>
    public required Config Configuration { get; init; }

    /// <summary>The settings in force and their origin, without secrets.</summary>
    public ImmutableArray<SettingInForce> InForce { get; init; } = [];

    /// <summary>The folder of the embedded Redis.</summary>
    public string EmbeddedRedisFolder => Path.Combine(DataFolder, "redis");

    /// <summary>Reads and validates the settings. Precedence: command line, environment, <c>--config</c> file, defaults.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="environment">Returns the value of an environment variable, or null.</param>
    /// <exception cref="ConfigurationRefusedException">A setting is invalid. The message is one line that names it and says
    /// why.</exception>
    public static NodeOptions Load(IReadOnlyList<string> arguments, Func<string, string?> environment)
    {
        var commandLine = new NodeCommandLine(arguments);
        var file = NodeConfiguration.LoadFile(commandLine);
        var config = NodeConfiguration.Merge(file, commandLine, environment);
        var morag = new SettingsSection(config, "morag");
        var tokens = ReadTokens(morag.Text("token"));
        var redis = ReadRedis(morag.Text("redis"));
        var embedded = morag.Child("embedded").SizeOrAuto("memory", "384MiB", "1024GiB")
            ?? EmbeddedRedisOptions.DefaultMemory(AvailableMemory);
        var failover = FailoverSettingsReader.Read(config);
        var tls = TlsOptionsReader.ReadCluster(morag.Child("tls"));
        var host = ReadHost(morag.Text("host"), NodeSetting.Host);
        var options = new NodeOptions
        {
            Redis = redis,
            RedisAuthority = morag.Text("redis-authority") is { Length: > 0 } authority ? authority : null,
            Tls = tls,
            HttpTls = TlsOptionsReader.ReadHttp(morag.Child("http-tls")),
            DataFolder = ReadFolder(morag.Text("data")),
            HttpUrls = [.. ReadList(morag.Text("http")).Select(ReadUrl)],
            Advertise = ReadAdvertise(morag.Text("advertise")),
            Host = host,
            BindHost = morag.Text("bind-host") is { Length: > 0 } other ? ReadHost(other, NodeSetting.BindHost) : host,
            Port = morag.Integer("port", 0, IPEndPoint.MaxPort),
            Seeds = [.. ReadList(morag.Text("seeds")).Select(seed => ReadSeed(seed, tls is not null))],
            Roles = [.. ReadList(morag.Text("roles")).Select(role => ReadRole(role, NodeSetting.Roles))],
            OwnerRole = morag.Text("owner-role") is { Length: > 0 } role ? ReadRole(role, NodeSetting.OwnerRole) : "",
            Tokens = tokens,
            Api = ReadApi(morag.Child("api"), tokens, NamedTokensReader.Read(morag.Child("tokens"))) with
            {
                Metrics = morag.Switch("metrics"),
            },
            Webhooks = WebhooksReader.Read(morag.Child("webhooks")),
            PresenceTimeout = morag.Child("presence").Duration("timeout", "500ms", "1m"),
            PresenceTakeOverAfter = morag.Child("presence").Duration("take-over-after", "1s", "10m"),
            LogFormat = ReadLogFormat(morag.Text("log-format")),
            AcceptedDataLoss = morag.Text("accept-data-loss") is { Length: > 0 } loss ? loss : null,
            EmbeddedMemory = embedded,
            Failover = redis is null ? EmbeddedLimits.InForce(failover, embedded) : failover,
            FailoverAsGiven = failover,
            Configuration = config,
            InForce = SettingOrigins.Of(config, file, commandLine, environment),
        };
        options.RefuseContradictions();
        return options;
    }

    /// <summary>The configuration of the actor system.</summary>
    /// <param name="redisConnectionString">The connection string of the external or the embedded Redis.</param>
    public Config ActorSystemConfig(string redisConnectionString) =>
        ConfigurationFactory.ParseString(
            $"""
            {NodeConfiguration.Assignment("akka.remote.dot-netty.tcp.hostname", BindHost)}
            {NodeConfiguration.Assignment("akka.remote.dot-netty.tcp.public-hostname", Host)}
            {(IsIPv6(Host) ? "akka.remote.dot-netty.tcp.dns-use-ipv6 = on" : "")}
            akka.remote.dot-netty.tcp.port = {Port.ToString(CultureInfo.InvariantCulture)}
            akka.cluster.seed-nodes = []
            akka.cluster.roles = [{string.Join(", ", Roles.Select(role => $"\"{role}\""))}]
            {(OwnerRole.Length > 0 ? string.Join('\n', OwnerRoleSettings.Select(key => NodeConfiguration.Assignment(key, OwnerRole))) : "")}
            {NodeConfiguration.Assignment("akka.coordination.lease.redis.connection-string", redisConnectionString)}
            {(RedisAuthority is { } authority
                ? string.Join('\n', RedisAuthoritySettings.Select(key => NodeConfiguration.Assignment(key, authority))) : "")}
            """)
        .WithFallback(Tls is null ? Config.Empty : ClusterTls.Config)
        .WithFallback(Configuration);

    internal static long AvailableMemory => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    private void RefuseContradictions()
    {
        if (HttpUrls.Count == 0)
        {
            throw NodeSetting.Http.Refused("", "at least one URL is needed");
        }

        if (Tokens.Count + Api.NamedTokens.Length == 0
            && HttpUrls.FirstOrDefault(url => !Loopback.IsBinding(TryParseUrl(url)!.Host)) is { } open)
        {
            throw NodeSetting.Http.Refused(
                open, $"without a token ({NodeSetting.Token.Variable}) only loopback is allowed, such as http://127.0.0.1:8080");
        }

        if (HttpTls is not null && !HttpUrls.Any(url => url.StartsWith("https:", StringComparison.OrdinalIgnoreCase)))
        {
            throw NodeSetting.Http.Refused(
                string.Join(',', HttpUrls), $"{NodeSetting.HttpTlsCertificate.Key} is set, so at least one https URL is needed");
        }

        if (Tls is null && Configuration.GetBoolean("akka.remote.dot-netty.tcp.enable-ssl", false))
        {
            throw new ConfigurationRefusedException(
                "akka.remote.dot-netty.tcp.enable-ssl = on is refused: set morag.tls.certificate instead, which also turns it on");
        }

        if (RedisAuthority is not null && (Redis is null || !ConfigurationOptions.Parse(Redis).Ssl))
        {
            throw NodeSetting.RedisAuthority.Refused(
                RedisAuthority, $"it needs a Redis over TLS: add ssl=true to {NodeSetting.Redis.Variable}");
        }

        if (OwnerRole.Length > 0 && Redis is null && !Roles.Contains(OwnerRole))
        {
            throw NodeSetting.OwnerRole.Refused(
                OwnerRole, $"a node with the embedded Redis must hold the owners itself. Add the role to {NodeSetting.Roles.Variable}");
        }

        if (Seeds.Count > 0 && Redis is null)
        {
            throw NodeSetting.Seeds.Refused(
                string.Join(',', Seeds),
                $"the nodes of a cluster must share a Redis. Set {NodeSetting.Redis.Variable}");
        }
    }

    private static HttpApiSettings ReadApi(SettingsSection section, string[] tokens, ImmutableArray<AccessToken> named) => new()
    {
        Tokens = [.. tokens],
        NamedTokens = named,
        AnswerTimeout = section.Duration("answer-timeout", "100ms", "5m"),
        FailoverTimeout = section.Duration("failover-timeout", "100ms", "5m"),
        KeepAlive = section.Duration("keep-alive", "1s", "1m"),
        EventBuffer = section.Integer("event-buffer", 10, 1_000_000),
        MaxConnections = section.Integer("max-connections", 10, 1_000_000),
    };

    private static NodeLogFormat ReadLogFormat(string text) => text switch
    {
        "text" => NodeLogFormat.Text,
        "json" => NodeLogFormat.Json,
        _ => throw NodeSetting.LogFormat.Refused(text, "text and json are allowed"),
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
            return options.EndPoints.Count == 0
                ? throw NodeSetting.Redis.RefusedUnseen("it does not name a server, such as redis.example:6379")
                : options.DefaultDatabase < 0 ? throw NodeSetting.Redis.RefusedUnseen("its defaultDatabase must not be negative")
                : text;
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw NodeSetting.Redis.RefusedUnseen(
                "it is not a connection string of StackExchange.Redis, such as redis.example:6379,password=...");
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
        TryParseUrl(text) is { AbsolutePath: "/", Query: "", Fragment: "", UserInfo: "" } url
            && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
            ? text
            : throw NodeSetting.Http.Refused(text, "URLs of the form http://host:port are allowed");

    private static string ReadAdvertise(string text) =>
        text is AdvertisedAddress.Auto or AdvertisedAddress.None ? text
        : TryParseUrl(text) is { AbsolutePath: "/", Query: "", Fragment: "", UserInfo: "" } url
            && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
            && !(IPAddress.TryParse(url.Host, out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)))
            ? text
            : throw NodeSetting.Advertise.Refused(
                text, "a URL of the form http://host:port at which clients reach this node is allowed, auto or none");

    // The web server accepts + and * for any address; Uri does not.
    internal static string WithAnyAddress(string url) => url
        .Replace("://+", "://0.0.0.0", StringComparison.Ordinal)
        .Replace("://*", "://0.0.0.0", StringComparison.Ordinal);

    private static Uri? TryParseUrl(string text) =>
        Uri.TryCreate(WithAnyAddress(text), UriKind.Absolute, out var url)
            ? url
            : null;

    /// <summary>Whether only this machine can reach the port for other nodes.</summary>
    internal bool IsClusterOnLoopback => Loopback.IsBinding(BindHost);

    private static string ReadHost(string text, NodeSetting setting) => Uri.CheckHostName(text) switch
    {
        UriHostNameType.Unknown => throw setting.Refused(text, "a host name or address is needed"),
        UriHostNameType.IPv6 => $"[{IPAddress.Parse(text)}]",
        _ => text,
    };

    /// <summary>Whether a host is an IPv6 address, as addresses of the cluster write it.</summary>
    private static bool IsIPv6(string host) => host.StartsWith('[');

    private static string ReadSeed(string text, bool overTls)
    {
        var prefix = $"{(overTls ? ClusterTls.Scheme : "akka.tcp")}://{ActorSystemName}@";
        var address = text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text;
        var colon = address.LastIndexOf(':');
        var kind = colon > 0 ? Uri.CheckHostName(address[..colon]) : UriHostNameType.Unknown;
        return kind != UriHostNameType.Unknown
            && (kind == UriHostNameType.IPv6) == IsIPv6(address)
            && int.TryParse(address[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is > 0 and <= IPEndPoint.MaxPort
                ? prefix + ReadHost(address[..colon], NodeSetting.Seeds) + address[colon..]
                : throw NodeSetting.Seeds.Refused(
                    text,
                    $"host:port with a port from 1 to {IPEndPoint.MaxPort} is allowed, comma-separated, and [address]:port for IPv6");
    }

    private static string ReadRole(string text, NodeSetting setting) =>
        Identifier.IsValid(text) ? text : throw setting.Refused(text, Identifier.Rule);

    private static string[] ReadTokens(string text)
    {
        var tokens = ReadList(text);
        return tokens.Length <= 2 && tokens.All(IsToken)
            ? tokens
            : throw NodeSetting.Token.RefusedUnseen(
                $"one or two comma-separated tokens are allowed, each of {MinTokenLength} to {MaxTokenLength} printable ASCII characters "
                + "without spaces");
    }

    private static bool IsToken(string token) =>
        token.Length is >= MinTokenLength and <= MaxTokenLength && token.All(character => character is > ' ' and <= '~');
}
