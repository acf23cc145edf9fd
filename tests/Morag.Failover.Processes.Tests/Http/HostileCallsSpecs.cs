using System.Text.Json;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.Http;

/// <summary>Malformed input for every call of a real node.</summary>
public sealed class HostileCallsSpecs(HostileCallsSpecs.RealNode shared) : IClassFixture<HostileCallsSpecs.RealNode>
{
    private const int Concurrency = 16;

    public static TheoryData<string> Calls => [.. ApiCall.All.Select(call => call.Name)];

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Should_answer_with_problem_details_and_keep_working_when_a_call_is_malformed(string name)
    {
        var call = ApiCall.All.Single(call => call.Name == name);
        var stage = await shared.SetStageAsync(call.OnParkedTask);
        var wrong = new List<string>();

        await Parallel.ForEachAsync(
            HostileInput.Of(call, stage),
            new ParallelOptions { MaxDegreeOfParallelism = Concurrency },
            async (request, _) =>
            {
                using var answer = await shared.Raw.SendAsync(request);
                if (await WhatIsWrongAsync(answer) is { } reason)
                {
                    lock (wrong)
                    {
                        wrong.Add($"{request}\n  {reason}");
                    }
                }
            });

        Assert.True(
            wrong.Count == 0, $"{wrong.Count} requests, such as\n{string.Join('\n', wrong.Take(10))}\nthe node wrote:\n{shared.Output}");
        await CompletesATaskAsync();
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Should_answer_each_call_with_a_success_or_a_problem_when_many_are_made_at_once(string name)
    {
        var call = ApiCall.All.Single(call => call.Name == name);
        var stage = await shared.SetStageAsync(call.OnParkedTask);

        var answers = await Task.WhenAll(Enumerable.Range(0, Concurrency).Select(_ => shared.Raw.SendAsync(RawRequest.Of(call, stage))));

        Assert.Contains(answers, answer => answer.IsSuccessStatusCode);
        foreach (var answer in answers)
        {
            Assert.Null(await WhatIsWrongAsync(answer));
            answer.Dispose();
        }

        await CompletesATaskAsync();
    }

    [Fact]
    public async Task Should_be_covered_when_the_API_offers_it()
    {
        var document = await OpenApiDocument.ReadAsync(shared.Raw);

        Assert.Equal(document.Calls.Order(), ApiCall.All.Select(call => call.Name).Order());
    }

    [Theory]
    [InlineData("/api/v1/tasks/%00")]
    [InlineData("/api/v1/queues/%00?state=leased")]
    public async Task Should_reject_it_and_keep_working_when_a_request_is_not_valid_HTTP(string path)
    {
        // The web server rejects these without a body, before any code of the product runs.
        using var answer = await shared.Raw.SendAsync(new RawRequest("GET", path));

        Assert.Equal(400, (int)answer.StatusCode);
        await CompletesATaskAsync();
    }

    private static async Task<string?> WhatIsWrongAsync(HttpResponseMessage answer)
    {
        var type = answer.Content.Headers.ContentType?.MediaType;
        if (answer.IsSuccessStatusCode)
        {
            return type is "application/json" or "text/event-stream" ? null : $"a success of type {type}";
        }

        var body = await answer.Content.ReadAsStringAsync();
        var said = $"{(int)answer.StatusCode} {type} {body}";
        if ((int)answer.StatusCode is < 400 or >= 500 || type != "application/problem+json")
        {
            return said;
        }

        var problem = JsonDocument.Parse(body).RootElement;
        return problem.GetProperty("status").GetInt32() == (int)answer.StatusCode
            && problem.GetProperty("title").GetString() is { Length: > 0 }
            && problem.GetProperty("detail").GetString() is { Length: > 0 }
            ? null
            : said;
    }

    private async Task CompletesATaskAsync()
    {
        var stage = await shared.SetStageAsync();
        await shared.Client.PostAsync(
            $"/tasks/{stage.Name}/complete", new { worker_id = stage.Name, epoch = stage.Epoch, result = "done" });
        Assert.Equal(TaskState.Succeeded, (await shared.Client.TaskAsync(stage.Name)).State);
    }

    /// <summary>A node that all specs share, with its data.</summary>
    public sealed class RealNode : IAsyncLifetime
    {
        private readonly TestFolder folder = new();
        private NodeProcess node = null!;
        private int stages;

        public NodeClient Client => node.Client;

        public string Output => node.Program.Output;

        internal RawClient Raw { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            node = await NodeProcess.StartAsync(new NodeProcessSettings { DataFolder = folder.Path, Config = Stage.Config });
            Raw = new RawClient(node.Address);
            await Stage.RaiseAlertAsync(Client);
        }

        public async Task DisposeAsync()
        {
            Raw.Dispose();
            await node.DisposeAsync();
            folder.Dispose();
        }

        internal Task<Stage> SetStageAsync(bool parked = false) => Stage.SetAsync(Client, $"stage-{++stages}", parked);
    }
}
