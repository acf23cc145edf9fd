using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.TestProcesses;

/// <summary>
/// The HTTP API for tests. It retries a call that is answered with 503, unless <see cref="Retries"/> is off, so a call that changes
/// something needs an id of its own (an event or request id). Any other failure throws.
/// </summary>
public sealed class NodeClient : IDisposable
{
    private const string Api = "/api/v1";

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    private readonly HttpClient http;

    /// <summary>A client of the node at this address.</summary>
    /// <param name="node">The address.</param>
    /// <param name="authority">The file with the authority to trust for https; null for those of the machine.</param>
    /// <param name="token">The token of its calls; null for none.</param>
    /// <param name="handler">Opens its connections, and is disposed with the client; null for the default.</param>
    public NodeClient(Uri node, string? authority = null, string? token = null, SocketsHttpHandler? handler = null)
    {
        handler ??= new SocketsHttpHandler();
        if (authority is not null)
        {
            var trust = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            trust.CustomTrustStore.ImportFromPemFile(authority);
            handler.SslOptions.CertificateChainPolicy = trust;
        }

        http = new HttpClient(handler) { BaseAddress = node, Timeout = TimeSpan.FromSeconds(30) };
        if (token is not null)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    /// <summary>Whether calls that are answered with 503, or not in full, are retried; true by default.</summary>
    public bool Retries { get; init; } = true;

    /// <summary>Whether the node is ready.</summary>
    public async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await http.GetAsync(new Uri("/health/ready", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception absent) when (NodeSilence.Explains(absent))
        {
            // It does not run, or is too busy to answer.
            return false;
        }
    }

    /// <summary>What the node says about its readiness; empty if it does not answer.</summary>
    public async Task<string> ReadinessAsync()
    {
        try
        {
            using var answer = await http.GetAsync(new Uri("/health/ready", UriKind.Relative));
            return await answer.Content.ReadAsStringAsync();
        }
        catch (Exception absent) when (NodeSilence.Explains(absent))
        {
            return "";
        }
    }

    /// <summary>Submits tasks in one call. Throws if any of them is rejected.</summary>
    public async Task SubmitAsync(IEnumerable<object> tasks)
    {
        var answer = await PostAsync("/tasks", tasks);
        foreach (var task in answer.EnumerateArray())
        {
            if (task.TryGetProperty("error", out var error) && error.ValueKind != JsonValueKind.Null)
            {
                throw new InvalidOperationException($"A task was refused: {task}");
            }
        }
    }

    /// <summary>One task in full.</summary>
    public Task<TaskInfo> TaskAsync(string task) => GetAsync<TaskInfo>($"/tasks/{task}");

    /// <summary>Every decision about a task, oldest first.</summary>
    public Task<FailoverDecision[]> ExplainAsync(string task) => GetAsync<FailoverDecision[]>($"/tasks/{task}/explain");

    /// <summary>All tasks in a state, or of a worker, over all pages.</summary>
    public Task<List<QueueEntry>> TasksAsync(TaskState? state = null, string? worker = null) =>
        AllAsync<QueueEntry>($"/tasks?limit=1000{Parameter("state", WireNameOf(state))}{Parameter("worker", worker)}");

    /// <summary>All failures, newest first, over all pages.</summary>
    public Task<List<FailoverDecision>> FailuresAsync() => AllAsync<FailoverDecision>("/failures?limit=1000");

    /// <summary>The counts of failures.</summary>
    public Task<FailureStatistics> StatisticsAsync() => GetAsync<FailureStatistics>("/failures/statistics");

    /// <summary>The counts of every queue.</summary>
    public Task<QueueStats[]> QueuesAsync() => GetAsync<QueueStats[]>("/queues");

    /// <summary>One worker.</summary>
    public Task<WorkerInfo> WorkerAsync(string worker) => GetAsync<WorkerInfo>($"/workers/{worker}");

    /// <summary>All workers, over all pages.</summary>
    public Task<List<WorkerInfo>> WorkersAsync() => AllAsync<WorkerInfo>("/workers?limit=1000");

    /// <summary>Posts a body, and returns the answer.</summary>
    public async Task<JsonElement> PostAsync(string path, object body)
    {
        using var answer = await AskAsync(() => http.PostAsJsonAsync(new Uri(Api + path, UriKind.Relative), body, ContractsJson.Options));
        return await ReadAsync<JsonElement>(answer);
    }

    /// <summary>Reads a resource.</summary>
    public async Task<T> GetAsync<T>(string path)
    {
        using var answer = await AskAsync(() => http.GetAsync(new Uri(Api + path, UriKind.Relative)));
        return await ReadAsync<T>(answer);
    }

    /// <inheritdoc />
    public void Dispose() => http.Dispose();

    private static string? WireNameOf(TaskState? state) => state is { } given ? WireName.Of(given) : null;

    private static string Parameter(string name, string? value) => value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";

    /// <summary>Reads all pages of a list.</summary>
    private async Task<List<T>> AllAsync<T>(string path)
    {
        var all = new List<T>();
        for (var next = Api + path; next is not null;)
        {
            var page = new Uri(next, UriKind.RelativeOrAbsolute);
            using var answer = await AskAsync(() => http.GetAsync(page));
            all.AddRange(await ReadAsync<T[]>(answer));
            next = NextPage(answer);
        }

        return all;
    }

    private async Task<HttpResponseMessage> AskAsync(Func<Task<HttpResponseMessage>> call)
    {
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(RetryDelay))
        {
            var answer = await call();
            if (!Retries || !ShouldRetry(answer) || waited.Elapsed > Eventually.Bound)
            {
                return answer;
            }

            answer.Dispose();
        }
    }

    private static bool ShouldRetry(HttpResponseMessage answer) =>
        answer.StatusCode == HttpStatusCode.ServiceUnavailable || answer.Headers.Contains(ResponseHeaders.Incomplete);

    private static string? NextPage(HttpResponseMessage answer) =>
        answer.Headers.TryGetValues("Link", out var links)
            ? links.SelectMany(link => link.Split(','))
                .Where(link => link.Contains("rel=\"next\"", StringComparison.Ordinal))
                .Select(link => link[(link.IndexOf('<', StringComparison.Ordinal) + 1)..link.IndexOf('>', StringComparison.Ordinal)])
                .SingleOrDefault()
            : null;

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer)
    {
        if (!answer.IsSuccessStatusCode)
        {
            throw new HttpRequestException(
                $"{answer.RequestMessage?.Method} {answer.RequestMessage?.RequestUri} was answered with {(int)answer.StatusCode}: "
                + await answer.Content.ReadAsStringAsync()
                + (answer.StatusCode == HttpStatusCode.ServiceUnavailable ? RunningProgram.OutputOfAll() : ""),
                null,
                answer.StatusCode);
        }

        return answer.Headers.TryGetValues(ResponseHeaders.Incomplete, out var missing)
            ? throw new HttpRequestException(
                $"{answer.RequestMessage?.RequestUri} was answered without {string.Join(", ", missing)}", null, answer.StatusCode)
            : (await answer.Content.ReadFromJsonAsync<T>(ContractsJson.Options))!;
    }
}
