using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Morag.Samples.Worker;

var builder = Host.CreateApplicationBuilder(args);
var settings = builder.Configuration.Get();

// A lease call waits for work, so allow it more than its own wait.
using var http = new HttpClient { BaseAddress = settings.Node, Timeout = LeaseLoop.Wait + TimeSpan.FromSeconds(15) };
if (settings.Token is not null)
{
    http.DefaultRequestHeaders.Authorization = new("Bearer", settings.Token);
}

builder.Services.AddSingleton(settings);
builder.Services.AddSingleton(http);
builder.Services.AddSingleton<NodeClient>();
builder.Services.AddSingleton<HeldTasks>();

// Services stop in reverse order: first no new leases, and last the heartbeats.
builder.Services.AddHostedService<HeartbeatLoop>();
builder.Services.AddHostedService<LeaseLoop>();

await builder.Build().RunAsync();
