--[[
    Runs when the station answers: it may press *1 and *2.
]]
from = session:getVariable("ani")
dialled = session:getVariable("destination_number")
freeswitch.consoleLog("ALERT", string.format("the station is there: [%s] to [%s]\n", from, dialled))

session:execute("bind_digit_action", string.format("moderator,*1,exec:execute_extension,ASK_FOR_NUMBER__%s XML default", dialled))
session:execute("bind_digit_action", string.format("moderator,*2,exec:execute_extension,CANCEL_LAST_CALL__%s XML default", dialled))
session:execute("digit_action_set_realm", "moderator")
