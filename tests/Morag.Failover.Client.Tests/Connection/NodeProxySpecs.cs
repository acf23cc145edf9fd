using System.Net;
using Morag.Failover.Client.Connection;

namespace Morag.Failover.Client.Tests.Connection;

public sealed class NodeProxySpecs
{
    private readonly NodeProxy proxy = new(new WebProxy("http://proxy.example:3128"));

    [Theory]
    [InlineData("http://127.0.0.1:8080/")]
    [InlineData("http://127.8.9.1:8080/")]
    [InlineData("http://localhost:8080/")]
    [InlineData("http://LOCALHOST.:8080/")]
    [InlineData("http://node.localhost:8080/")]
    [InlineData("http://[::1]:8080/")]
    [InlineData("http://[::ffff:127.0.0.1]:8080/")]
    [InlineData("http://0.0.0.0:8080/")]
    [InlineData("https://127.0.0.1:8443/")]
    public void Should_bypass_the_proxy_when_the_node_is_on_this_machine(string node)
    {
        Assert.Null(proxy.GetProxy(new Uri(node)));
        proxy.CheckToken(new Uri(node));
    }

    [Fact]
    public void Should_send_a_token_through_a_proxy_only_when_the_call_is_encrypted()
    {
        Assert.NotNull(proxy.GetProxy(new Uri("https://node.example/")));
        proxy.CheckToken(new Uri("https://node.example/"));

        var refused = Assert.Throws<TokenExposed>(() => proxy.CheckToken(new Uri("http://node.example:8080/")));
        Assert.Equal(
            "nothing was sent, because the proxy http://proxy.example:3128 could read the token for http://node.example:8080. "
            + "Use an https address, or add node.example to no_proxy",
            refused.Message);
    }

    [Fact]
    public void Should_send_a_token_when_no_proxy_exempts_the_node() =>
        new NodeProxy(new WebProxy("http://proxy.example:3128", BypassOnLocal: false, [@"node\.example"]))
            .CheckToken(new Uri("http://node.example/"));
}
