using Akka.Event;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Morag.Failover.Actors.Persistence;

namespace Morag.Failover.Actors.Tests.Persistence;

/// <summary>The log says once that the store fails, in its own words, and once that it is back.</summary>
public sealed class StoreWatchSpecs : TestKit
{
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(5);
    private readonly StoreWatch store;
    private string? diagnosis;

    public StoreWatchSpecs()
        : base(
            """
            akka {
              test.timefactor = 4
              loglevel = INFO
              stdout-loglevel = OFF
              scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
            }
            """)
    {
        store = new StoreWatch(
            Logging.GetLogger(Sys, typeof(StoreWatch)), () => Clock.Now - DateTimeOffset.UnixEpoch, () => Task.FromResult(diagnosis));
        Sys.EventStream.Subscribe(TestActor, typeof(Error));
        Sys.EventStream.Subscribe(TestActor, typeof(Info));
    }

    private TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    [Theory]
    [InlineData("WRONGPASS invalid username-password pair or user is disabled.")]
    [InlineData("NOAUTH Authentication required.")]
    [InlineData("OOM command not allowed when used memory > 'maxmemory'.")]
    [InlineData("READONLY You can't write against a read only replica.")]
    [InlineData(
        "It was not possible to connect to the redis server(s). There was an authentication failure: "
        + "(RedisServerException) WRONGPASS invalid")]
    public async Task Should_say_it_once_in_the_stores_words_when_every_owner_fails(string words)
    {
        for (var owner = 0; owner < 20; owner++)
        {
            Assert.True(store.Failed(new InvalidOperationException("the write failed", new InvalidOperationException(words))));
        }

        Clock.Advance(Later);
        store.Succeeded(wrote: true);
        store.Succeeded(wrote: true);

        Assert.Contains(words, (await ExpectMsgAsync<Error>()).ToString(), StringComparison.Ordinal);
        Assert.Contains("is back after 5 s", (await ExpectMsgAsync<Info>()).ToString(), StringComparison.Ordinal);
        await ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [Fact]
    public async Task Should_say_it_again_when_the_reason_becomes_known_and_not_for_each_of_its_consequences()
    {
        store.Failed(new TimeoutException("Timeout awaiting response"));
        store.Failed(new TimeoutException("Timeout awaiting response"));
        store.Failed(new InvalidOperationException("WRONGPASS invalid username-password pair"));
        store.Failed(new TimeoutException("Timeout awaiting response"));

        Assert.Contains("Timeout", (await ExpectMsgAsync<Error>()).ToString(), StringComparison.Ordinal);
        Assert.Contains("WRONGPASS", (await ExpectMsgAsync<Error>()).ToString(), StringComparison.Ordinal);
        await ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [Fact]
    public async Task Should_ask_the_store_what_is_wrong_when_calls_only_time_out()
    {
        diagnosis = "cannot connect to Redis at 127.0.0.1:6379: WRONGPASS invalid username-password pair";

        store.Failed(new TimeoutException("the message timed out in the backlog"));
        store.Failed(new TimeoutException("the message timed out in the backlog"));

        Assert.Contains("timed out", (await ExpectMsgAsync<Error>()).ToString(), StringComparison.Ordinal);
        Assert.Contains("WRONGPASS", (await ExpectMsgAsync<Error>()).ToString(), StringComparison.Ordinal);
        await ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [Fact]
    public async Task Should_not_take_reads_for_its_return_when_it_takes_no_writes()
    {
        store.Failed(new InvalidOperationException("OOM command not allowed"));
        _ = await ExpectMsgAsync<Error>();
        Clock.Advance(Later);

        store.Succeeded(wrote: false);

        await ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [Fact]
    public void Should_leave_what_concerns_one_owner_to_that_owner() =>
        Assert.False(store.Failed(new InvalidOperationException("The event with sequence number 5 cannot be read")));
}
