using System.Net;
using System.Net.Sockets;

namespace Morag.Failover.Processes.Tests.CommandLine;

/// <summary>The command line when the environment names a proxy.</summary>
public sealed class ProxySpecs(CommandLineNode node) : IClassFixture<CommandLineNode>, IDisposable
{
    private readonly TcpListener proxy = Listen();

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task Should_bypass_the_proxy_when_the_node_is_on_this_machine(string host)
    {
        var run = await MoragCommand.RunAsync(Variables($"http://{host}:{node.Address.Port}"), "worker", "list", "--token", "secret");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.False(proxy.Pending());
    }

    [Fact]
    public async Task Should_send_nothing_when_the_proxy_could_read_the_token()
    {
        var run = await MoragCommand.RunAsync(Variables("http://node.invalid:8080"), "worker", "list", "--token", "secret");

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("morag: nothing was sent, because the proxy http://127.0.0.1:", run.Error, StringComparison.Ordinal);
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
