using Morag.Failover.Node.Cluster;

namespace Morag.Failover.Node.Tests.Cluster;

/// <summary>The address that a node announces to clients.</summary>
public sealed class AdvertisedAddressSpecs
{
    [Theory]
    [InlineData("http://127.0.0.1:8080", "http://127.0.0.1:8080")]
    [InlineData("http://0.0.0.0:8080", "http://node-1.example:8080")]
    [InlineData("http://[::]:8080", "http://node-1.example:8080")]
    [InlineData("http://+:8080", "http://node-1.example:8080")]
    [InlineData("http://*:8080/", "http://node-1.example:8080")]
    [InlineData("http://127.0.0.1:8080,https://0.0.0.0:8443", "https://node-1.example:8443")]
    [InlineData("http://0.0.0.0:8080,https://0.0.0.0:8443", "https://node-1.example:8443")]
    [InlineData("http://[2001:db8::1]:8080", "http://[2001:db8::1]:8080")]
    [InlineData("http://10.0.0.5", "http://10.0.0.5")]
    public void Should_be_the_address_that_most_clients_can_use_when_it_is_derived(string urls, string expected) =>
        Assert.Equal(expected, AdvertisedAddress.Of("auto", urls.Split(','), "node-1.example"));

    [Fact]
    public void Should_put_an_IPv6_host_in_brackets_when_the_node_listens_on_all_addresses() =>
        Assert.Equal("http://[2001:db8::1]:8080", AdvertisedAddress.Of("auto", ["http://[::]:8080"], "2001:db8::1"));

    [Fact]
    public void Should_be_as_configured_when_it_is_configured()
    {
        Assert.Equal("https://morag.example", AdvertisedAddress.Of("https://morag.example/", ["http://127.0.0.1:8080"], "127.0.0.1"));
        Assert.Null(AdvertisedAddress.Of("none", ["http://10.0.0.1:8080"], "10.0.0.1"));
    }
}
