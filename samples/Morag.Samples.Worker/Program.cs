using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Morag.Failover.Client;
using Morag.Samples.Worker;

// --node (comma-separated), --worker-id, and the environment variable MORAG_TOKEN.
var builder = Host.CreateApplicationBuilder(args);
var settings = builder.Configuration;

builder.Services.AddMoragFailover(options =>
{
    foreach (var node in (settings["node"] ?? "http://127.0.0.1:8080").Split(','))
    {
        options.Nodes.Add(new Uri(node));
    }

    options.Token = settings["MORAG_TOKEN"];
});

builder.Services.AddMoragWorker<WordCount>(options =>
{
    options.WorkerId = settings["worker-id"] ?? Environment.MachineName;
    options.Queues.Add("cpu_standard");
    options.Slots = 4;
    options.HeartbeatInterval = TimeSpan.FromSeconds(1);
});

await builder.Build().RunAsync();
