using System.Net.Http.Json;
using System.Text.Json;
using Morag.Failover.Cli.Palettes;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Demo;

/// <summary>The demo's calls to the HTTP API.</summary>
internal sealed class DemoCalls(NodeConnection node)
{
    public const int MaxPerCall = CallLimits.MaxEntries;

    private static readonly JsonSerializerOptions Strict = new(ContractsJson.Options) { RespectNullableAnnotations = true };

    public async Task<WorkerInfo[]> WorkersAsync(CancellationToken cancellation) =>
        [.. (await GetAsync<WorkerInfo?[]>($"/api/v1/workers?limit={MaxPerCall}", cancellation)).OfType<WorkerInfo>()];

    public Task<QueueEntry[]> LeasedByAsync(string worker, CancellationToken cancellation) =>
        GetAsync<QueueEntry[]>($"/api/v1/tasks?state=leased&worker={worker}&limit={MaxPerCall}", cancellation);

    public Task<TaskInfo> TaskAsync(string task, CancellationToken cancellation) =>
        GetAsync<TaskInfo>($"/api/v1/tasks/{task}", cancellation);

    public Task<FailoverDecision[]> ExplainAsync(string task, CancellationToken cancellation) =>
        GetAsync<FailoverDecision[]>($"/api/v1/tasks/{task}/explain", cancellation);

    public async Task SubmitAsync(object[] tasks, CancellationToken cancellation)
    {
        using var answer = await node.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Post, "/api/v1/tasks")
            {
                Content = JsonContent.Create(tasks, null, ContractsJson.Options),
            },
            NodeConnection.CallTimeout,
            streamed: false,
            cancellation);
    }

    public async Task<HttpResponseMessage> EventsAsync(CancellationToken cancellation) => await node.SendAsync(
        () => new HttpRequestMessage(HttpMethod.Get, "/api/v1/events"), NodeConnection.CallTimeout, streamed: true, cancellation);

    private async Task<T> GetAsync<T>(string path, CancellationToken cancellation)
    {
        using var answer = await node.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Get, path), NodeConnection.CallTimeout, streamed: false, cancellation);
        return await AnswerReading.GuardAsync(node.Node, async () =>
        {
            var text = await AnswerText.ReadAsync(answer, cancellation);
            return JsonSerializer.Deserialize<T>(text, Strict) ?? throw new JsonException("It is null.");
        });
    }
}
