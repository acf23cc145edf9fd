using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Morag.Failover.TestProcesses;
using Morag.Failover.TestProcesses.Networks;
using Morag.Redis.TestServers;

namespace Morag.Failover.Chaos.Networks;

/// <summary>
/// Each node, Redis, and all clients in network namespaces of their own, between which a router drops packets. Proxies, each beside its
/// server, delay bytes.
/// </summary>
internal sealed class NamespaceNetwork(int nodes) : ChaosNetwork(nodes, new LinkTable(nodes + 1))
{
    private const int PublicPort = 4053;
    private const int Port = 4054;
    private const int HttpPort = 8080;

    private readonly TestNetwork network = TestNetwork.Create(nodes + 2);
    private readonly List<LinkProxy> proxies = [];

    /// <inheritdoc />
    public override string Token { get; } = RandomNumberGenerator.GetHexString(32);

    /// <inheritdoc />
    public override IReadOnlyList<string> AgentLauncher => network[Clients].Launcher;

    private int Clients => Nodes + 1;

    /// <inheritdoc />
    public override RedisServer CreateRedis() => new()
    {
        Host = network[Redis].Address,
        Launcher = network[Redis].Launcher,
        Settings = ["--protected-mode", "no"],
    };

    /// <inheritdoc />
    public override string LinkTo(RedisServer redis)
    {
        var port = RedisTestServer.FreePort();
        StartProxy(Redis, port, redis.Port);
        return redis.ConnectionString.Replace(
            redis.Address, string.Create(CultureInfo.InvariantCulture, $"{redis.Host}:{port}"), StringComparison.Ordinal);
    }

    /// <inheritdoc />
    public override NodeProcessSettings Place(int number, NodeProcessSettings settings)
    {
        StartProxy(number, PublicPort, Port);
        return settings with
        {
            NetworkHost = network[number],
            ClusterPort = Port,
            HttpHost = network[number].Address,
            HttpPort = HttpPort,
            Token = Token,
            Environment = new Dictionary<string, string>(settings.Environment ?? new Dictionary<string, string>())
            {
                ["MORAG_TOKEN"] = Token,
            },
            Seeds =
            [
                .. Enumerable.Range(0, Nodes)
                    .Select(seed => string.Create(CultureInfo.InvariantCulture, $"{network[seed].Address}:{PublicPort}")),
            ],
            Config = string.Create(
                CultureInfo.InvariantCulture, $"{settings.Config}\nakka.remote.dot-netty.tcp.public-port = {PublicPort}\n"),
        };
    }

    /// <inheritdoc />
    public override SocketsHttpHandler CreateClientHandler() => network[Clients].CreateHandler();

    /// <inheritdoc />
    public override void CutFromClients(int node) => network.Separate([network[node]], [network[Clients]]);

    /// <inheritdoc />
    public override void Heal()
    {
        network.Heal();
        base.Heal();
    }

    /// <inheritdoc />
    public override async ValueTask DisposeAsync()
    {
        foreach (var proxy in proxies)
        {
            await proxy.DisposeAsync();
        }

        network.Dispose();
    }

    /// <inheritdoc />
    protected override void Cut(int from, int to) => network.Cut(network[from], network[to]);

    private void StartProxy(int server, int port, int serverPort) => proxies.Add(LinkProxy.Start(
        network[server],
        port,
        serverPort,
        client => Links.Of(NumberOf(((IPEndPoint)client.RemoteEndPoint!).Address.ToString()), server)));

    private int NumberOf(string address) =>
        Enumerable.Range(0, Nodes).First(node => network[node].Address == address);
}
