using System.Globalization;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Morag.Persistence.Redis.Hosting;
using Morag.Samples.Journal;

if (args is not [var redis, var account, var text] || !int.TryParse(text, CultureInfo.InvariantCulture, out var amount))
{
    Console.Error.WriteLine("Usage: Morag.Samples.Journal REDIS ACCOUNT AMOUNT, for example 127.0.0.1:6379 savings 100");
    return 2;
}

var builder = Host.CreateApplicationBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddAkka("bank", akka => akka
    // Redis becomes the default journal and the default snapshot store. The prefix keeps the keys apart from those of other programs.
    .WithRedisPersistence(redis, keyPrefix: "bank:")
    .WithActors((system, registry) => registry.Register<Account>(system.ActorOf(Props.Create(() => new Account(account)), account))));

using var host = builder.Build();
await host.StartAsync();

var savings = host.Services.GetRequiredService<IRequiredActor<Account>>().ActorRef;
var answer = await savings.Ask<object>(new Deposit(amount), TimeSpan.FromSeconds(30));
await host.StopAsync();

switch (answer)
{
    case Balance balance:
        Console.WriteLine($"Balance of {account}: {balance.Amount}");
        return 0;
    default:
        Console.Error.WriteLine(answer);
        return 1;
}
