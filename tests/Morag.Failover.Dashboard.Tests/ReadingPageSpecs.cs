using System.Net;
using Microsoft.Playwright;

namespace Morag.Failover.Dashboard.Tests;

/// <summary>The page that shows the HTTP API to read.</summary>
[Collection(DashboardSpecs.Name)]
public sealed class ReadingPageSpecs(DashboardNode node)
{
    [BrowserFact]
    public async Task Should_show_the_API_with_nothing_from_elsewhere()
    {
        await using var open = await node.OpenAsync();
        var elsewhere = new List<string>();
        open.Page.Request += (_, request) =>
        {
            var address = new Uri(request.Url);
            if (address.Scheme.StartsWith("http", StringComparison.Ordinal) && address.Authority != node.Node.Address.Authority)
            {
                elsewhere.Add(request.Url);
            }
        };

        await open.GoAsync("/docs/");

        await Assertions.Expect(open.Page.GetByRole(AriaRole.Heading, new() { Name = "Morag Failover" })).ToBeVisibleAsync();
        Assert.Empty(elsewhere);
        Assert.Empty(open.Errors);
    }

    [Fact]
    public async Task Should_ask_for_a_token_first()
    {
        using var http = node.CreateHttp();
        using var page = await http.GetAsync(new Uri("/docs/", UriKind.Relative));
        using var document = await http.GetAsync(new Uri("/openapi/v1.json", UriKind.Relative));

        Assert.Equal((HttpStatusCode.SeeOther, HttpStatusCode.Unauthorized), (page.StatusCode, document.StatusCode));
    }
}
