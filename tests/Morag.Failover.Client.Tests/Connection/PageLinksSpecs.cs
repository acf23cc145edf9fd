using Morag.Failover.Client.Connection;

namespace Morag.Failover.Client.Tests.Connection;

public sealed class PageLinksSpecs
{
    [Theory]
    [InlineData("</api/v1/tasks?after=x>; rel=\"next\"", "/api/v1/tasks?after=x")]
    [InlineData("<http://another-name:1/api/v1/tasks?after=x>; rel=\"next\"", "/api/v1/tasks?after=x")]
    [InlineData("<http://node//evil:1/x>; rel=\"next\"", null)]
    [InlineData("</api/v1/tasks>; rel=\"last\"", null)]
    [InlineData("nonsense", null)]
    public void Should_follow_a_link_only_to_a_path_of_the_same_node(string link, string? next)
    {
        using var response = new HttpResponseMessage();
        response.Headers.Add("Link", link);

        Assert.Equal(next, PageLinks.Next(response));
    }
}
