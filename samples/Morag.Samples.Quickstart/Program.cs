using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Morag.Failover.Client;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;

var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddMoragFailover(options => options.Nodes.Add(new Uri(builder.Configuration["node"] ?? "http://127.0.0.1:8080")));
builder.Services.AddMoragWorker<Greeter>(options =>
{
    options.WorkerId = "greeter-1";
    options.Queues.Add("cpu_standard");
    options.Slots = 2;
});

using var host = builder.Build();
await host.StartAsync();
var client = host.Services.GetRequiredService<IMoragClient>();

// The ids follow from the work, so a program that submits twice, because it crashed or was run again, still runs each task once.
string[] names = ["Ada", "Grace", "Katherine"];
var submitted = await client.SubmitAllAsync(names.Select(name => new TaskSubmission
{
    TaskId = new($"greet-{name}"),
    Queue = new("cpu_standard"),
    Payload = JsonText.Of(new Person(name)),
}));
foreach (var result in submitted)
{
    Console.WriteLine(result.Refused is { } refused ? $"{result.TaskId}: rejected, {refused.Message}" : $"{result.TaskId}: stored");
}

foreach (var result in submitted.Where(result => result.Refused is null))
{
    var task = await client.GetTaskAsync(result.TaskId);
    while (task.State is not (TaskState.Succeeded or TaskState.Parked or TaskState.Cancelled))
    {
        await Task.Delay(TimeSpan.FromMilliseconds(200));
        task = await client.GetTaskAsync(result.TaskId);
    }

    Console.WriteLine($"{task.TaskId}: {task.State}, {task.Result.Raw}");
}

// A program that only works on tasks ends with await host.WaitForShutdownAsync() instead.
await host.StopAsync();

internal sealed record Person(string Name);

internal sealed class Greeter : ITaskHandler
{
    public async Task<JsonText> HandleAsync(TaskRun task, CancellationToken cancellation)
    {
        var person = task.ReadPayload<Person>();
        await Task.Delay(TimeSpan.FromSeconds(1), cancellation); // the work
        return JsonText.Of(new { text = $"Hello, {person.Name}!" });
    }
}
