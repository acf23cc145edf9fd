using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Morag.Failover.Contracts;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Chaos.Clients;

/// <summary>The HTTP API of a cluster for one client. A call goes to the next node until one of them has an answer.</summary>
internal sealed class ClusterApi : IDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly IReadOnlyList<Uri> nodes;
    private readonly HttpClient http;
    private int current;

    /// <param name="nodes">The addresses of all nodes.</param>
    /// <param name="first">Which one is asked first.</param>
    /// <param name="handler">Opens its connections, and is disposed with it.</param>
    /// <param name="token">The token of its calls; null for none.</param>
    public ClusterApi(IReadOnlyList<Uri> nodes, int first, SocketsHttpHandler handler, string? token)
    {
        this.nodes = nodes;
        current = first;
        http = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(4) };
        if (token is not null)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    /// <summary>Repeats a call until a node has an answer other than 503, or the token is cancelled.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">The path after the version. A call that changes something needs an id of its own.</param>
    /// <param name="body">The body; null for none.</param>
    /// <param name="giveUp">Ends the call with an <see cref="OperationCanceledException"/>.</param>
    public async Task<(HttpStatusCode Status, JsonElement Body)> CallAsync(
        HttpMethod method, string path, object? body, CancellationToken giveUp)
    {
        while (true)
        {
            giveUp.ThrowIfCancellationRequested();
            try
            {
                using var call = new HttpRequestMessage(method, new Uri(nodes[current % nodes.Count], $"/api/v1{path}"));
                call.Content = body is null ? null : JsonContent.Create(body, options: ContractsJson.Options);
                using var answer = await http.SendAsync(call, giveUp);
                if (answer.StatusCode != HttpStatusCode.ServiceUnavailable)
                {
                    return (answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>(giveUp));
                }
            }
            catch (Exception failed) when (NodeSilence.Explains(failed))
            {
                // The node is gone or does not answer; whether it carried out the call is not known.
            }

            current++;
            await Task.Delay(RetryDelay, giveUp);
        }
    }

    public void Dispose() => http.Dispose();
}
