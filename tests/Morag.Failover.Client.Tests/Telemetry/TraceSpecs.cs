using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Morag.Failover.Client.Telemetry;
using Morag.Failover.Client.Tests.Workers;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.TestHosts;

namespace Morag.Failover.Client.Tests.Telemetry;

/// <summary>The trace of a task, from its submission to its handler.</summary>
public sealed class TraceSpecs : IDisposable
{
    private const string Trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    private readonly ConcurrentQueue<Activity> ended = new();
    private readonly ActivitySource own = new("Morag.Failover.Client.Tests");
    private readonly ActivityListener listener;

    public TraceSpecs()
    {
        listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == MoragTelemetry.Name || source == own,
            Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
    }

    [Fact]
    public async Task Should_submit_a_task_with_the_trace_of_its_submission_unless_it_has_one()
    {
        var transport = new FakeTransport(message => new TasksSubmitted
        {
            Results = [.. ((SubmitTasks)message).Tasks.Select(task => new SubmissionResult { TaskId = task.TaskId })],
        });
        using var request = own.StartActivity("request")!;

        _ = await new MoragClient(transport).SubmitAllAsync([Submission("a"), Submission("b") with { TraceParent = Trace }]);

        var sent = Assert.Single(transport.SentOf<SubmitTasks>()).Tasks;
        var span = Assert.Single(ended, span => span.OperationName == "submit_tasks" && span.TraceId == request.TraceId);
        Assert.Equal([span.Id, Trace], sent.Select(task => task.TraceParent));
    }

    [Fact]
    public async Task Should_continue_the_trace_of_the_submission_in_the_handler()
    {
        var cluster = new FakeCluster();
        var seen = new TaskCompletionSource<Activity?>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var host = await QuietHost.StartAsync(services => services
            .AddSingleton<IMoragTransport>(cluster.Transport)
            .AddSingleton(new Handler(seen))
            .AddMoragWorker<Handler>(options => options.WorkerId = "worker-a"));
        cluster.Submit("one", trace: Trace);

        var handling = await seen.Task.WaitAsync(TimeSpan.FromSeconds(30));

        await host.StopAsync();
        var submission = ActivityContext.Parse(Trace, null);
        Assert.Equal((submission.TraceId, submission.SpanId), (handling!.TraceId, handling.ParentSpanId));
        Assert.Equal(submission.SpanId, Assert.Single(handling.Links).Context.SpanId);
    }

    public void Dispose()
    {
        listener.Dispose();
        own.Dispose();
    }

    private static TaskSubmission Submission(string task) => new() { TaskId = new(task), Queue = new("cpu_standard") };

    private sealed class Handler(TaskCompletionSource<Activity?> seen) : ITaskHandler
    {
        public Task<JsonText> HandleAsync(TaskRun task, CancellationToken cancellation)
        {
            seen.SetResult(Activity.Current);
            return Task.FromResult(JsonText.Null);
        }
    }
}
