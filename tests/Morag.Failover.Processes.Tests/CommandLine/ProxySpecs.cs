using System.Net;
using System.Net.Sockets;

namespace Morag.Failover.Processes.Tests.CommandLine;

/// <summary>What the command line sends when the environment names a proxy.</summary>
public sealed class ProxySpecs(CommandLineNode node) : IClassFixture<CommandLineNode>, IDisposable
{
    private readonly TcpListener proxy = Listen();

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task Should_reach_a_node_on_this_machine_without_the_proxy(string host)
    {
        var run = await MoragCommand.RunAsync(Variables($"http://{host}:{node.Address.Port}"), "worker", "list", "--token", "secret");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.False(proxy.Pending());
    }

    [Fact]
    public async Task Should_refuse_to_send_the_token_when_the_proxy_could_read_it()
    {
        var run = await MoragCommand.RunAsync(Variables("http://node.invalid:8080"), "worker", "list", "--token", "secret");

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("morag: the token for http://node.invalid:8080 would go through the proxy http://127.0.0.1:", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Trim().Split('\n'));
        Assert.False(proxy.Pending());
    }

    public void Dispose() => proxy.Dispose();

    private Dictionary<string, string> Variables(string address) => new()
    {
        ["MORAG_NODE"] = address,
        ["http_proxy"] = $"http://{proxy.LocalEndpoint}",
        ["https_proxy"] = $"http://{proxy.LocalEndpoint}",
    };

    private static TcpListener Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }
}
